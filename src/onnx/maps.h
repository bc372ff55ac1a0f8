// Outputs that are maps, or sequences of maps with the same keys (scikit-learn's ZipMap): tensors with named columns.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"
#include "onnx/handles.h"
#include "tensor/host_tensor.h"

namespace sixfold::onnx {

// Nothing for other types: elements of sequences that are no maps, keys that are neither int64 nor text, values that
// are no numbers.
Result<std::optional<TensorSpec>> map_spec(const OrtApi& api, const OrtTypeInfo* info, std::string name);

// A map of k keys is a tensor [k], a sequence of n of them [n, k]; the keys are its columns, in the first map's order.
// Errors: internal when the maps have different keys, or the value is of another type.
Result<HostTensor> from_maps(const OrtApi& api, const OrtValue* value, std::string name);

}  // namespace sixfold::onnx
