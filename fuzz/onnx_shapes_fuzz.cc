// Shapes and values of tensors on their way to a model: counting and checking never overflow, and what passes the check
// has as many values as its shape says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/tensor_limits.h"
#include "onnx/values.h"
#include "tensor/host_tensor.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold;  // NOLINT(google-build-using-namespace)
  if (size < 4) return 0;
  HostTensor tensor;
  tensor.type = static_cast<ElementType>(data[0] % 12);
  TensorSpec spec{.name = "x", .type = static_cast<ElementType>(data[1] % 12), .shape = {}, .dimension_names = {"n"}};
  const std::size_t elements = data[2];
  std::size_t at = 4;
  for (std::size_t level = 0; level < data[3] % 20u && at + 9 <= size; ++level, at += 9) {
    std::int64_t length = 0;
    std::memcpy(&length, data + at, sizeof length);
    tensor.shape.push_back(length);
    spec.shape.push_back(data[at + 8] % 2 == 0 ? -1 : length);
  }
  if (tensor.type == ElementType::kString) {
    tensor.strings.resize(elements);
  } else {
    tensor.bytes.resize(elements * element_type_info(tensor.type).bytes);
  }
  const auto count = element_count(tensor.shape);
  if (count.is_ok()) require(*count <= limits::kHostTensorElementsMax);
  const Status fits = check_against(spec, tensor);
  if (fits) {
    require(count.is_ok() && *count == elements && spec.type == tensor.type);
  } else {
    require(!fits.error().message.empty());
  }
  require(!shown_shape(spec.shape, spec.dimension_names).empty());
  for (int type = -2; type < 40; ++type) {
    const auto element = onnx::element_type_of(type);
    if (element) require(onnx::onnx_type_of(*element) == type);
    require(!onnx::onnx_type_name(type).empty());
  }
  return 0;
}
