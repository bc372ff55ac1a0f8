// Nested JSON arrays to tensors and back.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "service/error_body.h"
#include "service/json.h"
#include "tensor/host_tensor.h"

namespace sixfold::service {

// Reads a value (an array of arrays ... of elements, or one element) as elements of `type` and appends them to
// `tensor`, whose name and shape stay as they are.  Returns the value's own shape.  path: where the value stands, for
// errors, which name the very element: "instances[1][0]".  In floating-point tensors null is a missing value, NaN.
// Refused: elements of another type or out of its range, and arrays in one place of different lengths.
Parsed<TensorShape> append_elements(HostTensor& tensor, const json::value& value, const std::string& path);

// Appends the tensor as nested arrays.  Numbers that JSON lacks (NaN, infinities) become null.
void append_tensor(std::string& out, const HostTensor& tensor);
// One entry of its first dimension, of which it has at least `row` + 1.
void append_tensor_row(std::string& out, const HostTensor& tensor, std::size_t row);

}  // namespace sixfold::service
