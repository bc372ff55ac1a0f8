// The seam for environment variables, which other tools' settings come from.
#pragma once
#include <functional>
#include <initializer_list>
#include <string>

namespace sixfold::registry {

// Unset and empty are one.
using Environment = std::function<std::string(const std::string& name)>;

std::string process_environment(const std::string& name);

// 1, ON, YES or TRUE in any case, as the hub's tools read their switches.
bool is_switched_on(const Environment& environment, const std::string& name);

// The first of `names` that is set, else "".
std::string first_set(const Environment& environment, std::initializer_list<const char*> names);

}  // namespace sixfold::registry
