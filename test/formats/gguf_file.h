// A small good GGUF image for tests to read and to break.
#pragma once
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "formats/gguf_write.h"

namespace sixfold::formats {

// Metadata and tensors that own their bytes.
struct GgufSample {
  std::vector<MetadataEntry> metadata;
  std::vector<std::vector<std::byte>> buffers;
  std::vector<TensorView> tensors;

  void add_tensor(std::string name, DType dtype, Shape shape) {
    std::size_t bytes = row_bytes(dtype, shape[shape.rank - 1]);
    for (std::size_t axis = 0; axis + 1 < shape.rank; ++axis) bytes *= shape[axis];
    std::vector<std::byte>& buffer = buffers.emplace_back(bytes);
    for (std::size_t i = 0; i < bytes; ++i) buffer[i] = static_cast<std::byte>(i * 7 + tensors.size());
    tensors.push_back({std::move(name), dtype, shape, buffer});
  }
  GgufContents contents() const { return {metadata, tensors}; }
  std::vector<std::byte> image() const { return make_gguf(contents()).value(); }
};

// One entry of every kind and three tensors.
inline GgufSample make_sample() {
  GgufSample sample;
  sample.metadata = {{"general.architecture", std::string("llama")},
                     {"llama.block_count", std::uint64_t{2}},
                     {"test.big", std::uint64_t{1} << 40},
                     {"test.negative", std::int64_t{-5}},
                     {"test.epsilon", 0.5},
                     {"test.flag", true},
                     {"test.unsigneds", std::vector<std::uint64_t>{1, 2, 3}},
                     {"test.signeds", std::vector<std::int64_t>{-1, 2}},
                     {"test.numbers", std::vector<double>{0.25, -1.5}},
                     {"test.flags", std::vector<bool>{true, false, true}},
                     {"test.strings", std::vector<std::string>{"a", "", "\xE2\x96\x81the"}}};
  sample.add_tensor("token_embd.weight", DType::kQ8_0, {{4, 32}, 2});
  sample.add_tensor("output_norm.weight", DType::kF32, {{5}, 1});
  sample.add_tensor("cube", DType::kF16, {{2, 3, 4}, 3});
  return sample;
}

// Where `needle` stands in the image; the end when it is not there.
inline std::size_t offset_of(const std::vector<std::byte>& image, std::string_view needle) {
  const std::string_view text(reinterpret_cast<const char*>(image.data()), image.size());
  const std::size_t found = text.find(needle);
  return found == std::string_view::npos ? image.size() : found;
}

template <class T>
void overwrite(std::vector<std::byte>& image, std::size_t offset, T value) {
  std::memcpy(image.data() + offset, &value, sizeof(T));
}

}  // namespace sixfold::formats
