// Flags that say what the text must be: a JSON Schema, a grammar, or any JSON object.
#pragma once
#include <string>

#include "core/result.h"
#include "service/backend.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

struct OutputRuleFlags {
  std::string schema;   // a file, or the schema itself
  std::string grammar;  // a file of GBNF
  bool is_json = false;
};

void add_output_rule_flags(CLI::App& verb, OutputRuleFlags& flags);

// Errors: those of the file; invalid_argument for more than one of the flags, a grammar with mistakes, and a schema
// that cannot be enforced.
Result<service::OutputRule> read_output_rule(const OutputRuleFlags& flags);

}  // namespace sixfold::cli
