// From a checkpoint to an encoder: finds the architecture's row, and reads what the file says about its output.
#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/error.h"
#include "model/arch_list.h"
#include "model/decoder_encoder.h"
#include "model/description.h"
#include "model/encoder.h"
#include "model/rounded_weights.h"
#include "model/weight_reader.h"

namespace sixfold::model {
namespace {

constexpr std::string_view kArchitectureKey = "general.architecture";

// Null when the architecture is none of ours.
template <class Row>
const Row* find_row(std::span<const Row> rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string pooling_key(std::string_view architecture) {
  return std::string(architecture) + ".pooling_type";
}

// Source: the GGUF specification's pooling_type, and llama.cpp for "rank".
Result<EncoderOutput> read_output(const formats::Checkpoint& checkpoint, std::string_view architecture) {
  constexpr EncoderOutput kOutputs[] = {EncoderOutput::kTokens, EncoderOutput::kMean, EncoderOutput::kFirst,
                                        EncoderOutput::kLast, EncoderOutput::kScores};
  const std::string key = pooling_key(architecture);
  if (checkpoint.find(key) == nullptr) {
    // The mean is what sentence-transformers makes of a model that says nothing.
    const bool has_head = checkpoint.find_tensor("cls.output.weight") != nullptr;
    return has_head ? EncoderOutput::kScores : EncoderOutput::kMean;
  }
  const auto value = checkpoint.unsigned_integer(key);
  if (!value.is_ok()) return corrupt_data("{}", value.error().message);
  if (*value >= std::size(kOutputs)) {
    return invalid_argument("{}: {}: {}, want 0 to {}", checkpoint.path(), key, *value, std::size(kOutputs) - 1);
  }
  return kOutputs[*value];
}

// A decoder that was trained for embeddings.
Result<std::unique_ptr<Encoder>> load_decoder_encoder(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                                      const LoadOptions& options) {
  SIXFOLD_TRY(const std::string_view name, checkpoint.string(kArchitectureKey));
  SIXFOLD_TRY(const EncoderOutput output, read_output(checkpoint, name));
  if (output == EncoderOutput::kScores) {
    return invalid_argument("{}: {}: scores of a decoder are not supported, want mean, cls or last", checkpoint.path(),
                            pooling_key(name));
  }
  SIXFOLD_TRY(auto model, load(std::move(checkpoint), pool, options));
  return make_decoder_encoder(std::move(model), output, options.context);
}

Result<std::vector<std::string>> read_classes(const formats::Checkpoint& checkpoint, std::string_view architecture) {
  const std::string key = std::string(architecture) + ".classifier.output_labels";
  if (checkpoint.find(key) == nullptr) return std::vector<std::string>();
  SIXFOLD_TRY(const StringArray* names, checkpoint.strings(key));
  return std::vector<std::string>(names->begin(), names->end());
}

}  // namespace

std::string_view to_string(EncoderOutput output) {
  switch (output) {
    case EncoderOutput::kTokens:
      return "tokens";
    case EncoderOutput::kMean:
      return "mean";
    case EncoderOutput::kFirst:
      return "cls";
    case EncoderOutput::kLast:
      return "last";
    case EncoderOutput::kScores:
      return "scores";
  }
  return "";
}

std::size_t output_size(const EncoderDescription& description, EncoderOutput output, std::size_t tokens) {
  switch (output) {
    case EncoderOutput::kTokens:
      return tokens * description.model.width;
    case EncoderOutput::kScores:
      return description.classes.size();
    default:
      return description.model.width;
  }
}

bool is_encoder(const formats::Checkpoint& checkpoint) {
  const auto name = checkpoint.string(kArchitectureKey);
  if (!name.is_ok()) return false;
  if (find_row(encoder_architectures(), *name) != nullptr) return true;
  const auto pooling = checkpoint.unsigned_integer(pooling_key(*name));
  return pooling.is_ok() && *pooling != 0;
}

Result<std::unique_ptr<Encoder>> load_encoder(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                              const LoadOptions& options) {
  const auto name = checkpoint.string(kArchitectureKey);
  if (!name.is_ok()) return corrupt_data("{}", name.error().message);
  const EncoderArchitecture* architecture = find_row(encoder_architectures(), *name);
  SIXFOLD_TRY_STATUS(check_rounding(options.weights));
  if (architecture == nullptr) return load_decoder_encoder(std::move(checkpoint), pool, options);
  EncoderDescription description;
  description.model = describe_checkpoint(checkpoint, options.has_exact_weights ? std::nullopt : options.weights);
  description.model.architecture = std::string(architecture->name);
  SIXFOLD_TRY(description.output, read_output(checkpoint, architecture->name));
  SIXFOLD_TRY(description.classes, read_classes(checkpoint, architecture->name));
  const std::string path = checkpoint.path();
  try {
    WeightReader reader(std::move(checkpoint), pool, options);
    description.model.is_from_cache = reader.is_from_cache();
    return architecture->load(reader, architecture->traits, std::move(description), options);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for the model and its scratch", path);
  }
}

}  // namespace sixfold::model
