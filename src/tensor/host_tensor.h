// A tensor that owns its values, in plain memory, row by row: what goes into a model of tensors and comes out of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold {

// Elements as clients know them; DType is about weights.
enum class ElementType : std::uint8_t {
  kBool,  // one byte each, 0 or 1
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kU64,
  kI64,
  kF32,
  kF64,
  kString,
};

struct ElementTypeInfo {
  ElementType type;
  std::string_view name;           // "float32"
  std::string_view protocol_name;  // of the Open Inference Protocol: "FP32"
  std::size_t bytes;               // of one element; 0: text of any length
};

const ElementTypeInfo& element_type_info(ElementType type);
std::optional<ElementType> element_type_from_protocol(std::string_view protocol_name);

using TensorShape = std::vector<std::int64_t>;  // outermost first; of a value no number is below 0

// "[2, 3]"; a dimension below 0, which is one that may have any length, is shown as its name, or "?".
std::string shown_shape(const TensorShape& shape, const std::vector<std::string>& names = {});

// The number of elements.  Errors: invalid_argument: a dimension below 0, or more than limits::kHostTensorElementsMax.
Result<std::size_t> element_count(const TensorShape& shape);

struct HostTensor {
  std::string name;
  ElementType type = ElementType::kF32;
  TensorShape shape;
  std::vector<std::byte> bytes;      // [elements] in the machine's byte order; empty for strings
  std::vector<std::string> strings;  // [elements] when type is kString
  // Names along the last dimension, one for each element of it; empty: they have none.
  std::vector<std::string> columns = {};
};

// What a model takes or gives: a dimension of -1 may have any length.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::kF32;
  TensorShape shape;
  std::vector<std::string> dimension_names;  // as the model's maker wrote them; empty where there is none
  bool has_columns = false;                  // the values of an output come with HostTensor::columns
};

// Checks number and lengths of dimensions, and that the values are as many.  Errors: invalid_argument, with the wanted
// shape and the one that came.
Status check_against(const TensorSpec& spec, const HostTensor& tensor);

}  // namespace sixfold
