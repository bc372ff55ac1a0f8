// The model that is linked into the program.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace sixfold::registry {

// The section of the program that it is.  A copy of the program whose section holds zeros is one without the model.
inline constexpr std::string_view kBuiltinModelSection = ".sixfold.model";

// A whole GGUF file, aligned to 64 bytes; lives for the whole process.  Empty in a program without it.  See
// models/README.md.
std::span<const std::byte> builtin_model();

}  // namespace sixfold::registry
