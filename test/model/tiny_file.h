// A GGUF file that tests make in memory: metadata and float32 tensors, open to any damage.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/checkpoint.h"
#include "formats/gguf_write.h"
#include "model/aligned_floats.h"

namespace sixfold::test {

// The opened checkpoints borrow from this object.
class TinyFile {
 public:
  void set(const std::string& key, formats::MetadataValue value) {
    erase(key);
    metadata_.push_back({key, std::move(value)});
  }

  void erase(const std::string& key) {
    std::erase_if(metadata_, [&](const formats::MetadataEntry& entry) { return entry.key == key; });
  }

  // Replaces a tensor of the same name.
  void add_tensor(const std::string& name, std::vector<std::size_t> dims, std::vector<float> values) {
    erase_tensor(name);
    TensorView view;
    view.name = name;
    for (const std::size_t dim : dims) view.shape.dims[view.shape.rank++] = dim;
    values.resize(view.shape.elements());
    values_.push_back(std::move(values));
    view.bytes = std::as_bytes(std::span<const float>(values_.back()));
    tensors_.push_back(std::move(view));
  }

  void erase_tensor(const std::string& name) {
    std::erase_if(tensors_, [&](const TensorView& tensor) { return tensor.name == name; });
  }

  // Empty when there is none.
  std::span<const float> values(const std::string& name) const {
    for (const TensorView& tensor : tensors_) {
      if (tensor.name == name) {
        return {reinterpret_cast<const float*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(float)};
      }
    }
    return {};
  }

  // The bytes of the file.
  std::vector<std::byte> image() const {
    auto made = formats::make_gguf({.metadata = metadata_, .tensors = tensors_});
    EXPECT_TRUE(made.is_ok()) << made.error().message;
    return std::move(made).value();
  }

  void write(const std::string& path) const {
    const Status written = formats::write_gguf(path, {.metadata = metadata_, .tensors = tensors_});
    EXPECT_TRUE(written.is_ok()) << written.error().message;
  }

  // name: what errors call the file.
  formats::Checkpoint open(const std::string& name) {
    const std::vector<std::byte> bytes = image();
    images_.push_back(model::make_aligned_floats(bytes.size() / sizeof(float) + 1));
    auto* data = reinterpret_cast<std::byte*>(images_.back().get());
    std::memcpy(data, bytes.data(), bytes.size());
    auto checkpoint = formats::read_gguf({data, bytes.size()}, name);
    EXPECT_TRUE(checkpoint.is_ok()) << checkpoint.error().message;
    return std::move(checkpoint).value();
  }

 private:
  std::vector<formats::MetadataEntry> metadata_;
  std::vector<TensorView> tensors_;
  std::deque<std::vector<float>> values_;  // what the tensors point to
  std::vector<model::AlignedFloats> images_;
};

}  // namespace sixfold::test
