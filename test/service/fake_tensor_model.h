// A model of tensors that computes a sum: what it takes and gives is the test's to say.
#pragma once
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/error.h"
#include "service/tensors.h"

namespace sixfold::service {

// Every output is f32 [rows], the sum of a row over all numbers of all inputs; strings count by their length.
class FakeTensorModel final : public TensorModel {
 public:
  explicit FakeTensorModel(TensorSignature signature) : signature_(std::move(signature)) {}

  const TensorSignature& signature() const override { return signature_; }

  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>& outputs) const override {
    ++runs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Status fits = check_against(signature_.inputs[i], inputs[i]);
      if (!fits) return with_context(fits.error(), "input \"" + inputs[i].name + "\"");
    }
    const std::size_t rows = inputs.front().shape.empty() ? 1 : static_cast<std::size_t>(inputs.front().shape.front());
    std::vector<float> sums(rows, 0);
    for (const HostTensor& input : inputs) add(input, sums);
    std::vector<HostTensor> out;
    for (const TensorSpec& spec : signature_.outputs) {
      if (!outputs.empty() && std::find(outputs.begin(), outputs.end(), spec.name) == outputs.end()) continue;
      HostTensor tensor{.name = spec.name,
                        .type = ElementType::kF32,
                        .shape = {static_cast<std::int64_t>(rows)},
                        .bytes = {},
                        .strings = {}};
      tensor.bytes.resize(rows * sizeof(float));
      std::memcpy(tensor.bytes.data(), sums.data(), tensor.bytes.size());
      out.push_back(std::move(tensor));
    }
    return out;
  }

  mutable int runs = 0;

 private:
  static void add(const HostTensor& input, std::vector<float>& sums) {
    if (input.type == ElementType::kString) {
      for (std::size_t i = 0; i < input.strings.size(); ++i) {
        sums[i * sums.size() / input.strings.size()] += static_cast<float>(input.strings[i].size());
      }
      return;
    }
    if (input.type != ElementType::kF32) return;
    const std::size_t count = input.bytes.size() / sizeof(float);
    for (std::size_t i = 0; i < count; ++i) {
      float number = 0;
      std::memcpy(&number, input.bytes.data() + i * sizeof(float), sizeof(float));
      sums[i * sums.size() / count] += number;
    }
  }

  const TensorSignature signature_;
};

inline TensorSpec spec_of(std::string name, ElementType type, TensorShape shape) {
  return {.name = std::move(name), .type = type, .shape = std::move(shape), .dimension_names = {}};
}

}  // namespace sixfold::service
