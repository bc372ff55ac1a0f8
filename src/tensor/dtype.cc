// The table of element types.
#include "tensor/dtype.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace sixfold {
namespace {

constexpr std::array<DTypeInfo, 15> kTypes = {{
    {DType::kF32, "F32", 1, 4},
    {DType::kF16, "F16", 1, 2},
    {DType::kQ4_0, "Q4_0", 32, 18},
    {DType::kQ4_1, "Q4_1", 32, 20},
    {DType::kQ5_0, "Q5_0", 32, 22},
    {DType::kQ5_1, "Q5_1", 32, 24},
    {DType::kQ8_0, "Q8_0", 32, 34},
    {DType::kQ2_K, "Q2_K", 256, 84},
    {DType::kQ3_K, "Q3_K", 256, 110},
    {DType::kQ4_K, "Q4_K", 256, 144},
    {DType::kQ5_K, "Q5_K", 256, 176},
    {DType::kQ6_K, "Q6_K", 256, 210},
    {DType::kIQ4_NL, "IQ4_NL", 32, 18},
    {DType::kIQ4_XS, "IQ4_XS", 256, 136},
    {DType::kBF16, "BF16", 1, 2},
}};

// Index = GGUF id; empty names are ids that were withdrawn.
constexpr std::array<std::string_view, 41> kGgufNames = {
    "F32",   "F16",    "Q4_0",  "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
    "IQ2_S", "IQ4_XS", "I8",    "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16",  "",       "",
    "",      "TQ1_0",  "TQ2_0", "",     "",     "",        "MXFP4",  "NVFP4"};

}  // namespace

const DTypeInfo& dtype_info(DType dtype) {
  const auto* row = std::find_if(kTypes.begin(), kTypes.end(), [&](const DTypeInfo& t) { return t.dtype == dtype; });
  SIXFOLD_CHECK(row != kTypes.end());
  return *row;
}

std::optional<DType> dtype_from_gguf(std::uint32_t id) {
  for (const DTypeInfo& type : kTypes) {
    if (static_cast<std::uint32_t>(type.dtype) == id) return type.dtype;
  }
  return std::nullopt;
}

std::string_view gguf_type_name(std::uint32_t id) {
  if (id >= kGgufNames.size() || kGgufNames[id].empty()) return "unknown";
  return kGgufNames[id];
}

std::size_t row_bytes(DType dtype, std::size_t elements) {
  const DTypeInfo& info = dtype_info(dtype);
  SIXFOLD_CHECK(elements % info.block_elements == 0);
  return elements / info.block_elements * info.block_bytes;
}

}  // namespace sixfold
