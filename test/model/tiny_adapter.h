// A LoRA adapter of a tiny model: random pairs of matrices, as a GGUF checkpoint, or merged into the model's weights.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "formats/checkpoint.h"
#include "formats/gguf_write.h"
#include "model/aligned_floats.h"
#include "tiny_model.h"

namespace sixfold::test {

// The opened checkpoints borrow from this object.
class TinyAdapter {
 public:
  TinyAdapter(std::string architecture, unsigned seed, double alpha = 6)
      : architecture_(std::move(architecture)), alpha_(alpha), random_(seed) {
    set("general.type", std::string("adapter"));
    set("general.architecture", architecture_);
    set("adapter.type", std::string("lora"));
    set("adapter.lora.alpha", alpha_);
  }

  void set(const std::string& key, formats::MetadataValue value) {
    erase(key);
    metadata_.push_back({key, std::move(value)});
  }
  void erase(const std::string& key) {
    std::erase_if(metadata_, [&](const formats::MetadataEntry& entry) { return entry.key == key; });
  }

  // A change of a matrix [rows, cols].
  void add(const std::string& base, std::size_t rows, std::size_t cols, std::size_t rank = 3) {
    pairs_.push_back({base, rows, cols, rank, random_values(rank * cols), random_values(rows * rank)});
    add_tensor(base + ".lora_a", {rank, cols}, pairs_.back().a);
    add_tensor(base + ".lora_b", {rows, rank}, pairs_.back().b);
  }

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

  // W + scale * alpha / rank * B A, of every change.
  void merge_into(TinyModel& model, double scale = 1) const {
    for (const Pair& pair : pairs_) {
      const std::span<const float> weights = model.values(pair.base);
      ASSERT_EQ(weights.size(), pair.rows * pair.cols) << pair.base;
      std::vector<float> merged(weights.begin(), weights.end());
      const double factor = scale * alpha_ / static_cast<double>(pair.rank);
      for (std::size_t r = 0; r < pair.rows; ++r) {
        for (std::size_t c = 0; c < pair.cols; ++c) {
          double sum = 0;
          for (std::size_t k = 0; k < pair.rank; ++k) {
            sum += static_cast<double>(pair.b[r * pair.rank + k]) * static_cast<double>(pair.a[k * pair.cols + c]);
          }
          merged[r * pair.cols + c] += static_cast<float>(factor * sum);
        }
      }
      model.add_tensor(pair.base, {pair.rows, pair.cols}, std::move(merged));
    }
  }

  void write(const std::string& path) const {
    const Status written = formats::write_gguf(path, {.metadata = metadata_, .tensors = tensors_});
    EXPECT_TRUE(written.is_ok()) << written.error().message;
  }

  formats::Checkpoint open() {
    const auto image = formats::make_gguf({.metadata = metadata_, .tensors = tensors_});
    EXPECT_TRUE(image.is_ok()) << image.error().message;
    const std::vector<std::byte>& bytes = image.value();
    images_.push_back(model::make_aligned_floats(bytes.size() / sizeof(float) + 1));
    auto* data = reinterpret_cast<std::byte*>(images_.back().get());
    std::memcpy(data, bytes.data(), bytes.size());
    auto checkpoint = formats::read_gguf({data, bytes.size()}, "adapter.gguf");
    EXPECT_TRUE(checkpoint.is_ok()) << checkpoint.error().message;
    return std::move(checkpoint).value();
  }

 private:
  struct Pair {
    std::string base;
    std::size_t rows, cols, rank;
    std::vector<float> a;  // [rank, cols]
    std::vector<float> b;  // [rows, rank]
  };

  std::vector<float> random_values(std::size_t count) {
    std::uniform_real_distribution<float> distribution(-0.3F, 0.3F);
    std::vector<float> values(count);
    for (float& value : values) value = distribution(random_);
    return values;
  }

  std::string architecture_;
  double alpha_;
  std::mt19937 random_;
  std::vector<formats::MetadataEntry> metadata_;
  std::vector<TensorView> tensors_;
  std::vector<Pair> pairs_;
  std::deque<std::vector<float>> values_;
  std::deque<model::AlignedFloats> images_;
};

}  // namespace sixfold::test
