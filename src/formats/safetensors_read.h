// Reads the safetensors format: a JSON table of tensors, then their bytes without gap or overlap.
// Source: github.com/huggingface/safetensors, README.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tensor/tensor_view.h"

namespace sixfold::formats {

// bytes need not be aligned for the element type.  A scalar has rank 0; a dimension may be 0.
struct SafetensorsTensor {
  std::string name;
  std::string_view type;       // "BF16"; from the table of types, so it outlives the file
  std::optional<DType> dtype;  // nothing for a type that we do not compute with
  Shape shape;
  std::span<const std::byte> bytes;
};

// In the order of their bytes.  bytes: must outlive the tensors.  name: of the file, for messages.
// Errors: corrupt_data (every rule of the format), invalid_argument (well formed, but of more than
// limits::kTensorRankMax dimensions), resource_exhausted.
Result<std::vector<SafetensorsTensor>> read_safetensors(std::span<const std::byte> bytes, const std::string& name);

// Errors: invalid_argument when it is of a type that we do not compute with.
Result<TensorView> to_tensor_view(const SafetensorsTensor& tensor, const std::string& file_name);

// Whether a file of these bytes can only have been meant as safetensors.
bool looks_like_safetensors(std::span<const std::byte> bytes);

}  // namespace sixfold::formats
