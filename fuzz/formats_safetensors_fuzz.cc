// Any bytes are either refused as safetensors, or give tensors that fill their data without gap or overlap.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/safetensors_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto tensors = formats::read_safetensors(bytes, "fuzz");
  if (!tensors.is_ok()) {
    if (tensors.error().message.empty()) std::abort();
    return 0;
  }
  if (tensors->empty()) return 0;
  const std::byte* next = tensors->front().bytes.data();
  for (const formats::SafetensorsTensor& tensor : *tensors) {
    if (tensor.bytes.data() != next) std::abort();
    next += tensor.bytes.size();
    const auto view = formats::to_tensor_view(tensor, "fuzz");
    if (view.is_ok() != tensor.dtype.has_value()) std::abort();
    if (view.is_ok() && view->shape.elements() * dtype_info(view->dtype).block_bytes != view->bytes.size()) {
      std::abort();
    }
  }
  if (next != bytes.data() + bytes.size()) std::abort();
  return 0;
}
