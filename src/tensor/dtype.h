// Element types of tensors and how their blocks lie in memory.  Numbers are those of the GGUF format.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sixfold {

// Values are GGUF's ggml_type ids.  Source: ggml GGUF specification, tensor info.
enum class DType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kIQ4_XS = 23,
  kBF16 = 30,
};

// One row per type that we read.
struct DTypeInfo {
  DType dtype;
  std::string_view name;       // "Q4_K", as GGUF tools print it
  std::size_t block_elements;  // 1 for plain types
  std::size_t block_bytes;
};

const DTypeInfo& dtype_info(DType dtype);

// Nothing for a type we do not read.
std::optional<DType> dtype_from_gguf(std::uint32_t id);

// The GGUF name of any published type id, also those we do not read; "unknown" for others.  For error messages.
std::string_view gguf_type_name(std::uint32_t id);

// Bytes of a row of `elements` elements, which must be a multiple of block_elements.
std::size_t row_bytes(DType dtype, std::size_t elements);

}  // namespace sixfold
