// The table of element types, and the checks that everybody who makes tensors from outside values needs.
#include "tensor/host_tensor.h"

#include <array>

#include "core/error.h"
#include "core/limits.h"
#include "core/tensor_limits.h"

namespace sixfold {
namespace {

constexpr std::array<ElementTypeInfo, 12> kElementTypes = {{
    {ElementType::kBool, "bool", "BOOL", 1},
    {ElementType::kU8, "uint8", "UINT8", 1},
    {ElementType::kI8, "int8", "INT8", 1},
    {ElementType::kU16, "uint16", "UINT16", 2},
    {ElementType::kI16, "int16", "INT16", 2},
    {ElementType::kU32, "uint32", "UINT32", 4},
    {ElementType::kI32, "int32", "INT32", 4},
    {ElementType::kU64, "uint64", "UINT64", 8},
    {ElementType::kI64, "int64", "INT64", 8},
    {ElementType::kF32, "float32", "FP32", 4},
    {ElementType::kF64, "float64", "FP64", 8},
    {ElementType::kString, "string", "BYTES", 0},
}};

}  // namespace

const ElementTypeInfo& element_type_info(ElementType type) {
  return kElementTypes[static_cast<std::size_t>(type)];
}

std::optional<ElementType> element_type_from_protocol(std::string_view protocol_name) {
  for (const ElementTypeInfo& info : kElementTypes) {
    if (info.protocol_name == protocol_name) return info.type;
  }
  return std::nullopt;
}

std::string shown_shape(const TensorShape& shape, const std::vector<std::string>& names) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ", ";
    if (shape[i] >= 0) {
      out += std::to_string(shape[i]);
    } else {
      out += i < names.size() && !names[i].empty() ? names[i] : "?";
    }
  }
  return out += ']';
}

Result<std::size_t> element_count(const TensorShape& shape) {
  std::size_t count = 1;
  for (const std::int64_t length : shape) {
    if (length < 0) return invalid_argument("shape {}: want lengths of at least 0", shown_shape(shape));
    const auto factor = static_cast<std::size_t>(length);
    // An empty tensor stays empty, but its other lengths are bounded too, so that no product of some of them overflows.
    if (factor > limits::kHostTensorElementsMax || (factor != 0 && count > limits::kHostTensorElementsMax / factor)) {
      return invalid_argument("shape {}: more than {} elements", shown_shape(shape), limits::kHostTensorElementsMax);
    }
    count *= factor;
  }
  return count;
}

Status check_against(const TensorSpec& spec, const HostTensor& tensor) {
  const auto refuse = [&] {
    return invalid_argument("want shape {}, got {}", shown_shape(spec.shape, spec.dimension_names),
                            shown_shape(tensor.shape));
  };
  if (tensor.type != spec.type) {
    return invalid_argument("want {}, got {}", element_type_info(spec.type).name, element_type_info(tensor.type).name);
  }
  if (tensor.shape.size() != spec.shape.size()) return refuse();
  for (std::size_t i = 0; i < spec.shape.size(); ++i) {
    if (spec.shape[i] >= 0 && spec.shape[i] != tensor.shape[i]) return refuse();
  }
  SIXFOLD_TRY(const std::size_t count, element_count(tensor.shape));
  const bool is_text = tensor.type == ElementType::kString;
  const std::size_t got = is_text ? tensor.strings.size() : tensor.bytes.size() / element_type_info(tensor.type).bytes;
  if (got != count || (!is_text && tensor.bytes.size() % element_type_info(tensor.type).bytes != 0)) {
    return invalid_argument("shape {} has {} elements, got {}", shown_shape(tensor.shape), count, got);
  }
  return ok();
}

}  // namespace sixfold
