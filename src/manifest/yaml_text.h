// Writes values as YAML that every reader takes for the same values, and reads them back.
#pragma once
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace sixfold::manifest {

// Block style, keys in the order of the object, a new line at the end; equal values give equal bytes.  Texts are quoted
// unless they can be nothing but texts in YAML 1.1 and 1.2 (1.1, which Kubernetes' tools read, takes `yes`, `1:30` and
// `012` for other things).
std::string yaml_of(const json::value& value);

// One document; scalars without quotes are nothing, flags and numbers as YAML 1.2's core schema says.  name: the file,
// for messages.  Errors: corrupt_data "NAME:LINE: ...", also for a key twice and for too much nesting.
Result<json::value> yaml_value(std::string_view text, std::string_view name);

}  // namespace sixfold::manifest
