// Reads the process's environment.
#include "registry/environment.h"

#include <cstdlib>

#include "net/ascii.h"

namespace sixfold::registry {

std::string process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  return value == nullptr ? "" : value;
}

bool is_switched_on(const Environment& environment, const std::string& name) {
  const std::string value = environment(name);
  for (const char* yes : {"1", "on", "yes", "true"}) {
    if (net::equals_ignoring_case(value, yes)) return true;
  }
  return false;
}

std::string first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return {};
}

}  // namespace sixfold::registry
