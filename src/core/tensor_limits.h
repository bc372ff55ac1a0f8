// Bounds of tensors that clients send; apart from limits.h for the reason that grammar_limits.h gives.
#pragma once
#include <cstddef>

namespace sixfold::limits {

// Models of tensors.
inline constexpr std::size_t kHostTensorElementsMax = std::size_t{1} << 28;  // of one tensor
inline constexpr std::size_t kHostTensorRankMax = 16;
inline constexpr std::size_t kModelTensorsMax = 1024;  // inputs, or outputs, of one model
inline constexpr std::size_t kInstancesMax = 65'536;   // of one request

}  // namespace sixfold::limits
