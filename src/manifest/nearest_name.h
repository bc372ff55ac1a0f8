// "Did you mean": the known name closest to a mistyped one.
#pragma once
#include <span>
#include <string_view>

namespace sixfold::manifest {

// Empty when nothing is near (more than a third of the letters differ).  Distance: Damerau-Levenshtein, restricted.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> known);

}  // namespace sixfold::manifest
