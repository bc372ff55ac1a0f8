// Grammars for JSON and for fixed answers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::grammar {

enum class JsonKind { kAny, kObject };

// Rules of GBNF, the first of them `rule_name`; the others' names begin with it and a hyphen.  Between the parts of
// objects and arrays there may be nothing, one space, or a line end with up to 20 spaces.
std::string rules_of_json(JsonKind kind, std::string_view rule_name);

// One of the texts, exactly.  Errors: invalid_argument for none, more than limits::kChoiceTextsMax, or an empty one.
Result<std::string> rules_of_choice(const std::vector<std::string>& texts, std::string_view rule_name);

// The rules that values of any kind are made of, with names that begin with `prefix` and a hyphen: value, object,
// array, string, char, number, integer, ws, colon, comma.
std::string json_helper_rules(std::string_view prefix);

}  // namespace sixfold::grammar
