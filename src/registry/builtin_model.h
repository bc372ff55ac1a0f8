// The model that is linked into the program.
#pragma once
#include <cstddef>
#include <span>

namespace sixfold::registry {

// A whole GGUF file, aligned to 64 bytes; lives for the whole process.  See models/README.md.
std::span<const std::byte> builtin_model();

}  // namespace sixfold::registry
