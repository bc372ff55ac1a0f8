// One YAML document; internal to manifest, where yaml-cpp stops.
#pragma once
#include <yaml-cpp/yaml.h>

#include <string_view>

#include "core/result.h"

namespace sixfold::manifest {

// All scalars and keys are UTF-8 without zeros.  Reading the node may throw YAML::Exception.  name: the file, for
// messages.  Errors: corrupt_data "NAME:LINE: ...".
Result<YAML::Node> load_yaml(std::string_view text, std::string_view name);

}  // namespace sixfold::manifest
