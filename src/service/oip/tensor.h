// A tensor as the Open Inference Protocol carries it in JSON.  Source: the protocol's "Inference Request/Response JSON
// Object" and "Tensor Data".
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/json.h"

namespace sixfold::service {

struct Tensor {
  std::string name;
  std::string datatype;  // "BYTES", "FP32" ...
  std::vector<std::int64_t> shape = {};
  std::vector<std::byte> bytes = {};    // numbers as they lie in memory, row-major; BOOL: a byte of 0 or 1
  std::vector<std::string> texts = {};  // of "BYTES"

  std::size_t elements() const;
};

// Reads {"name", "shape", "datatype", "data"}; data is flat, or nested as the shape says.  The refusal names what is
// missing, of another type or of another count.
Tensor read_tensor(FieldReader& reader);

Tensor float_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> numbers);

void append_tensor(std::string& out, const Tensor& tensor);

}  // namespace sixfold::service
