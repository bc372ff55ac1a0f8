// Any bytes are either refused as GGUF, or give tensors that lie inside them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "formats/checkpoint.h"
#include "formats/gguf_write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto checkpoint = formats::read_gguf(bytes, "fuzz");
  if (!checkpoint.is_ok()) {
    if (checkpoint.error().message.empty()) std::abort();
    return 0;
  }
  std::size_t tensor_bytes = 0;
  for (const TensorView& tensor : checkpoint->tensors()) {
    if (tensor.bytes.data() < bytes.data() || tensor.bytes.size() > bytes.size()) std::abort();
    if (tensor.bytes.data() + tensor.bytes.size() > bytes.data() + bytes.size()) std::abort();
    if (checkpoint->find_tensor(tensor.name) != &tensor) std::abort();
    tensor_bytes += tensor.bytes.size();
  }
  if (tensor_bytes > size) std::abort();  // they would overlap
  for (const formats::MetadataEntry& entry : checkpoint->metadata()) {
    if (checkpoint->find(entry.key) != &entry.value) std::abort();
  }
  // What was read can be written, and reads back the same.
  const auto written = formats::make_gguf({checkpoint->metadata(), checkpoint->tensors()});
  if (!written.is_ok()) std::abort();
  const auto again = formats::read_gguf(*written, "again");
  if (!again.is_ok() || again->metadata().size() != checkpoint->metadata().size()) std::abort();
  return 0;
}
