// The version of the program; CMake passes it.
#pragma once
#include <string_view>

namespace sixfold::cli {

inline constexpr std::string_view kVersion = SIXFOLD_VERSION;

}  // namespace sixfold::cli
