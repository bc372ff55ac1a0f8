// Writes values as YAML that every reader takes for the same values.
#pragma once
#include <string>

#include "core/json.h"

namespace sixfold::manifest {

// Block style, keys in the order of the object, a new line at the end; equal values give equal bytes.  Texts are quoted
// unless they can be nothing but texts in YAML 1.1 and 1.2 (1.1, which Kubernetes' tools read, takes `yes`, `1:30` and
// `012` for other things).
std::string yaml_of(const json::value& value);

}  // namespace sixfold::manifest
