// What the OpenAPI document says of /predict when the model takes tensors: made from the model's own inputs.
#include <algorithm>

#include "service/predict_tensors.h"

namespace sixfold::service {
namespace {

// An example of more elements would fill the screen and show nothing.
constexpr std::size_t kExampleElementsMax = 1024;

json::value zero_of(ElementType type) {
  switch (type) {
    case ElementType::kString:
      return json::string("");
    case ElementType::kBool:
      return false;
    default:
      return 0;
  }
}

// Zeros; a dimension that may have any length has 1.
json::value zeros(const TensorSpec& spec, std::size_t level) {
  if (level >= spec.shape.size()) return zero_of(spec.type);
  const auto length =
      static_cast<std::size_t>(std::max<std::int64_t>(spec.shape[level], spec.shape[level] < 0 ? 1 : 0));
  json::array out;
  if (length > 0) out.resize(length, zeros(spec, level + 1));
  return out;
}

std::size_t example_elements(const TensorSpec& spec) {
  std::size_t count = 1;
  for (const std::int64_t length : spec.shape) {
    if (length >= 0) count *= std::min<std::size_t>(static_cast<std::size_t>(length), 1u << 16);
    if (count > kExampleElementsMax) return count;
  }
  return count;
}

json::value example_of(const TensorSignature& signature, std::size_t level) {
  if (signature.inputs.size() == 1) return zeros(signature.inputs.front(), level);
  json::object out;
  for (const TensorSpec& spec : signature.inputs) out[spec.name] = zeros(spec, level);
  return out;
}

std::string described(const std::vector<TensorSpec>& specs) {
  std::string out;
  for (const TensorSpec& spec : specs) {
    if (!out.empty()) out += "; ";
    out += spec.name + ": " + std::string(element_type_info(spec.type).name) + " " +
           shown_shape(spec.shape, spec.dimension_names);
  }
  return out;
}

}  // namespace

json::object predict_request_schema(const TensorSignature& signature) {
  const std::string inputs = described(signature.inputs);
  json::object properties{
      {"instances",
       json::object{{"type", "array"},
                    {"minItems", 1},
                    {"items", json::object{}},
                    {"description", "One entry for each prediction wanted. The model's inputs: " + inputs}}},
      {"features", json::object{{"description", "One instance, as a list of its values or an object of its inputs"}}},
      {"input", json::object{{"description", "One instance, or the whole input with its first dimension"}}},
      {"inputs", json::object{{"description", "Whole tensors, by the names of the inputs; answered with \"outputs\""}}},
      {"outputs", json::object{{"type", "array"},
                               {"items", json::object{{"type", "string"}}},
                               {"description", "Which outputs are wanted; all when left out"}}},
      {"model", json::object{{"type", "string"}}},
      {"signature_name", json::object{{"type", "string"}, {"description", "Accepted, and of no effect"}}}};
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  const bool is_short = std::all_of(signature.inputs.begin(), signature.inputs.end(), [](const TensorSpec& spec) {
    return example_elements(spec) <= kExampleElementsMax;
  });
  if (!is_short || signature.inputs.empty()) {
    schema["example"] = json::object{{"inputs", json::object{}}};
  } else if (has_rows(signature.inputs)) {
    schema["example"] = json::object{{"instances", json::array{example_of(signature, 1)}}};
  } else {
    schema["example"] = json::object{{"inputs", example_of(signature, 0)}};
  }
  return schema;
}

json::object predict_answer_schema(const TensorSignature& signature) {
  return {{"type", "object"},
          {"properties",
           json::object{
               {"predictions", json::object{{"type", "array"},
                                            {"items", json::object{}},
                                            {"description", "One for each instance; " + described(signature.outputs)}}},
               {"outputs", json::object{{"type", "object"}, {"description", "Whole tensors by name"}}},
               {"model", json::object{{"type", "string"}}}}}};
}

}  // namespace sixfold::service
