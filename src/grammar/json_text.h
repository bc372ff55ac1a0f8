// JSON values as text, and which of them are equal.
#pragma once
#include <string>

#include "core/json.h"

namespace sixfold::grammar {

// As JSON.stringify writes it: no spaces, members in their order, each character in its shortest form.
void append_json(std::string& out, const json::value& value);

// As JSON Schema compares: 1 and 1.0 are one number; the order of members does not count.
bool is_equal(const json::value& left, const json::value& right);

}  // namespace sixfold::grammar
