// A LoRA adapter of a tiny model: random pairs of matrices, as a GGUF checkpoint, or merged into the model's weights.
#pragma once
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tiny_file.h"
#include "tiny_model.h"

namespace sixfold::test {

// The opened checkpoints borrow from this object.
class TinyAdapter : public TinyFile {
 public:
  TinyAdapter(std::string architecture, unsigned seed, double alpha = 6)
      : architecture_(std::move(architecture)), alpha_(alpha), random_(seed) {
    set("general.type", std::string("adapter"));
    set("general.architecture", architecture_);
    set("adapter.type", std::string("lora"));
    set("adapter.lora.alpha", alpha_);
  }

  // A change of a matrix [rows, cols].
  void add(const std::string& base, std::size_t rows, std::size_t cols, std::size_t rank = 3) {
    pairs_.push_back({base, rows, cols, rank, random_values(rank * cols), random_values(rows * rank)});
    add_tensor(base + ".lora_a", {rank, cols}, pairs_.back().a);
    add_tensor(base + ".lora_b", {rows, rank}, pairs_.back().b);
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

  formats::Checkpoint open() { return TinyFile::open("adapter.gguf"); }

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
  std::vector<Pair> pairs_;
};

}  // namespace sixfold::test
