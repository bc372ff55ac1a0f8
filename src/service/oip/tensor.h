// Tensors as the Open Inference Protocol carries them in JSON.  Source: the protocol's "Inference Request JSON Object"
// and "Tensor Data".
#pragma once
#include <span>
#include <string>
#include <vector>

#include "service/json.h"
#include "tensor/host_tensor.h"

namespace sixfold::service {

// Reads {"name", "shape", "datatype", "data"}; data is flat, or nested as the shape says.  The refusal names what is
// missing, of another type or of another count.
HostTensor read_oip_tensor(FieldReader& reader);

HostTensor float_tensor(std::string name, TensorShape shape, std::span<const float> numbers);

void append_oip_tensor(std::string& out, const HostTensor& tensor);

}  // namespace sixfold::service
