// Small safetensors images for tests to read and to break.
#pragma once
#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor_view.h"

namespace sixfold::formats {

// The image of a header, as it stands, and the bytes behind it.
inline std::vector<std::byte> make_safetensors(std::string_view header, std::span<const std::byte> data) {
  const std::uint64_t length = header.size();
  std::vector<std::byte> image(sizeof length + header.size() + data.size());
  std::memcpy(image.data(), &length, sizeof length);
  std::memcpy(image.data() + sizeof length, header.data(), header.size());
  if (!data.empty()) std::memcpy(image.data() + sizeof length + header.size(), data.data(), data.size());
  return image;
}

// The image of some tensors, in this order, under the format's names of their types.
inline std::vector<std::byte> make_safetensors(std::span<const TensorView> tensors) {
  std::string header = R"({"__metadata__":{"format":"pt"})";
  std::vector<std::byte> data;
  for (const TensorView& tensor : tensors) {
    header += fmt::format(R"(,"{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", tensor.name,
                          dtype_info(tensor.dtype).name, to_string(tensor.shape), data.size(),
                          data.size() + tensor.bytes.size());
    data.insert(data.end(), tensor.bytes.begin(), tensor.bytes.end());
  }
  return make_safetensors(header + "}", data);
}

}  // namespace sixfold::formats
