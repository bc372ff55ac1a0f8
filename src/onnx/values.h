// HostTensor to OrtValue and back.
#pragma once
#include <optional>

#include "core/result.h"
#include "onnx/handles.h"
#include "tensor/host_tensor.h"

namespace sixfold::onnx {

// Numbers as in ONNX's TensorProto.DataType.  Nothing: a type that we do not carry (half floats, complex numbers).
std::optional<ElementType> element_type_of(int onnx_type);
int onnx_type_of(ElementType type);
// "float16" and the like, for messages.
std::string_view onnx_type_name(int onnx_type);

// tensor must outlive the value, and be consistent (check_against).
Result<Handle<OrtValue>> to_value(const OrtApi& api, const OrtMemoryInfo* memory, const HostTensor& tensor);

// Errors: internal when the value is no tensor or of a type that we do not carry.
Result<HostTensor> from_value(const OrtApi& api, OrtValue* value, std::string name);

}  // namespace sixfold::onnx
