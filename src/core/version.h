// The version of sixfold.
#pragma once
#include <string_view>

namespace sixfold {

std::string_view version();  // "0.1.0", as CMake's project() says

}  // namespace sixfold
