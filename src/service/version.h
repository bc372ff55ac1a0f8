// The version that answers and documents carry.
#pragma once
#include <string_view>

namespace sixfold::service {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace sixfold::service
