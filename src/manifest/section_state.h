// What a SectionText holds; internal to manifest, where yaml-cpp stops.
#pragma once
#include <yaml-cpp/yaml.h>

#include <string>

#include "manifest/section.h"

namespace sixfold::manifest {

struct SectionText::State {
  std::string file;
  std::string where;  // "targets.kubernetes", for messages
  YAML::Node node;    // a map, or nothing at all
  int line = 0;       // of the key, from 0
};

}  // namespace sixfold::manifest
