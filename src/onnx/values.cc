// Numbers are lent to ONNX Runtime where they lie; texts are copied.
#include "onnx/values.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/limits.h"
#include "core/tensor_limits.h"

namespace sixfold::onnx {
namespace {

struct TypeRow {
  int onnx_type;
  ElementType type;
};

// Source: TensorProto.DataType in onnx.proto.
constexpr std::array<TypeRow, 12> kTypes = {{{1, ElementType::kF32},
                                             {2, ElementType::kU8},
                                             {3, ElementType::kI8},
                                             {4, ElementType::kU16},
                                             {5, ElementType::kI16},
                                             {6, ElementType::kI32},
                                             {7, ElementType::kI64},
                                             {8, ElementType::kString},
                                             {9, ElementType::kBool},
                                             {11, ElementType::kF64},
                                             {12, ElementType::kU32},
                                             {13, ElementType::kU64}}};

Result<std::vector<std::string>> read_strings(const OrtApi& api, const OrtValue* value, std::size_t count) {
  std::size_t bytes = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_string_tensor_data_length(value, &bytes)));
  std::string text(bytes, '\0');
  std::vector<std::size_t> offsets(count);
  SIXFOLD_TRY_STATUS(take_status(api, api.get_string_tensor_content(value, text.data(), bytes, offsets.data(), count)));
  std::vector<std::string> strings(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 < count ? offsets[i + 1] : bytes;
    if (offsets[i] > end || end > bytes) return internal_error("texts of a tensor overlap");
    strings[i] = text.substr(offsets[i], end - offsets[i]);
  }
  return strings;
}

}  // namespace

std::optional<ElementType> element_type_of(int onnx_type) {
  for (const TypeRow& row : kTypes) {
    if (row.onnx_type == onnx_type) return row.type;
  }
  return std::nullopt;
}

int onnx_type_of(ElementType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.onnx_type;
  }
  return 0;
}

std::string_view onnx_type_name(int onnx_type) {
  if (const auto type = element_type_of(onnx_type)) return element_type_info(*type).name;
  switch (onnx_type) {
    case 10:
      return "float16";
    case 14:
      return "complex64";
    case 15:
      return "complex128";
    case 16:
      return "bfloat16";
    default:
      return "of an unknown type";
  }
}

Result<Handle<OrtValue>> to_value(const OrtApi& api, const OrtMemoryInfo* memory, const HostTensor& tensor) {
  OrtValue* value = nullptr;
  const int type = onnx_type_of(tensor.type);
  if (tensor.type != ElementType::kString) {
    // The interface takes a void*, and only reads an input.
    void* data = const_cast<std::byte*>(tensor.bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    SIXFOLD_TRY_STATUS(
        take_status(api, api.create_tensor_with_data(memory, data, tensor.bytes.size(), tensor.shape.data(),
                                                     tensor.shape.size(), type, &value)));
    return own(value, api.release_value);
  }
  OrtAllocator* allocator = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_allocator_with_default_options(&allocator)));
  SIXFOLD_TRY_STATUS(
      take_status(api, api.create_tensor(allocator, tensor.shape.data(), tensor.shape.size(), type, &value)));
  Handle<OrtValue> owned = own(value, api.release_value);
  std::vector<const char*> texts;
  texts.reserve(tensor.strings.size());
  for (const std::string& text : tensor.strings) {
    if (text.find('\0') != std::string::npos) return invalid_argument("a text with a zero byte cannot be passed on");
    texts.push_back(text.c_str());
  }
  SIXFOLD_TRY_STATUS(take_status(api, api.fill_string_tensor(value, texts.data(), texts.size())));
  return owned;
}

Result<HostTensor> from_value(const OrtApi& api, OrtValue* value, std::string name) {
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_tensor_type_and_shape(value, &raw)));
  const Handle<OrtTensorTypeAndShapeInfo> info = own(raw, api.release_tensor_info);
  int onnx_type = 0;
  std::size_t rank = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_tensor_element_type(raw, &onnx_type)));
  SIXFOLD_TRY_STATUS(take_status(api, api.get_dimensions_count(raw, &rank)));
  const auto type = element_type_of(onnx_type);
  if (!type) return internal_error("output \"{}\": is {}, which we do not read", name, onnx_type_name(onnx_type));
  HostTensor tensor{.name = std::move(name), .type = *type, .shape = TensorShape(rank), .bytes = {}, .strings = {}};
  SIXFOLD_TRY_STATUS(take_status(api, api.get_dimensions(raw, tensor.shape.data(), rank)));
  SIXFOLD_TRY(const std::size_t count, element_count(tensor.shape));
  if (tensor.type == ElementType::kString) {
    SIXFOLD_TRY(tensor.strings, read_strings(api, value, count));
    return tensor;
  }
  void* data = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_tensor_mutable_data(value, &data)));
  tensor.bytes.resize(count * element_type_info(*type).bytes);
  if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), data, tensor.bytes.size());
  return tensor;
}

}  // namespace sixfold::onnx
