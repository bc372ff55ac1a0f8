// Counts what the checkpoint holds.
#include "model/description.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "model/rounded_weights.h"

namespace sixfold::model {
namespace {

std::string name_of(const formats::Checkpoint& checkpoint) {
  const auto name = checkpoint.string_or("general.name", "");
  if (name.is_ok() && !name->empty()) return std::string(*name);
  return std::filesystem::path(checkpoint.path()).stem().string();
}

// The type that holds most numbers of all matrices.
std::string_view most_common_type(const formats::Checkpoint& checkpoint, std::optional<DType> rounded_to) {
  std::map<DType, std::size_t> elements;
  for (const TensorView& tensor : checkpoint.tensors()) {
    if (tensor.shape.rank >= 2) elements[rounded_type(tensor, rounded_to)] += tensor.shape.elements();
  }
  if (elements.empty()) return "none";
  const auto most = std::max_element(elements.begin(), elements.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return dtype_info(most->first).name;
}

}  // namespace

ModelDescription describe_checkpoint(const formats::Checkpoint& checkpoint, std::optional<DType> rounded_to) {
  ModelDescription description;
  description.name = name_of(checkpoint);
  description.weights = std::string(most_common_type(checkpoint, rounded_to));
  for (const TensorView& tensor : checkpoint.tensors()) {
    description.parameters += tensor.shape.elements();
    description.weight_bytes += tensor.bytes.size();
  }
  return description;
}

}  // namespace sixfold::model
