// Puts the parts of a folder together.
#include "formats/huggingface/folder.h"

#include <filesystem>
#include <utility>

#include "core/error.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/family.h"
#include "formats/huggingface/json_file.h"
#include "formats/huggingface/peft_adapter.h"
#include "formats/huggingface/sentence_transformers.h"
#include "formats/huggingface/stored_tensors.h"
#include "formats/huggingface/tokenizer_files.h"
#include "formats/huggingface/weight_files.h"

namespace sixfold::formats::huggingface {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigName = "config.json";

std::string last_part(const std::string& folder) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(folder, ignored);
  return whole.has_filename() ? whole.filename().string() : folder;
}

// "<architecture>.*" and general.*.
void add_model_metadata(const std::string& folder, const Family& family, ModelFacts& facts,
                        std::vector<MetadataEntry>& out) {
  const std::string prefix = std::string(family.architecture) + ".";
  if (family.has_rope_halves) facts.add("rope.pairing", std::string("halves"));
  for (MetadataEntry& entry : facts.metadata) out.push_back({prefix + entry.key, std::move(entry.value)});
  out.push_back({"general.architecture", std::string(family.architecture)});
  out.push_back({"general.name", last_part(folder)});
}

Status check_output(const WeightFiles& weights, const ConfigReader& config, const ModelFacts& facts) {
  if (facts.is_tied || !facts.wants_output) return ok();
  for (const StoredTensor& stored : weights.tensors) {
    if (stored.tensor.name == "lm_head.weight") return ok();
  }
  return config.unsupported("tie_word_embeddings", "want lm_head.weight among the tensors when it is false, got none");
}

}  // namespace

std::optional<std::string> folder_of(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path;
  const fs::path file(path);
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const std::string name = file.filename();
  const bool is_certain = name == kConfigName || name == kWeightIndexName;
  if (!is_certain && name != kWeightsName) return std::nullopt;
  if (!fs::exists(folder / kConfigName, ignored)) return std::nullopt;
  return folder.string();
}

Result<Checkpoint> open_folder(const std::string& folder) {
  const std::string config_path = fs::path(folder) / kConfigName;
  SIXFOLD_TRY(const auto object, read_json_file(config_path));
  if (!object && peft_folder_of(folder)) {
    return invalid_argument("{}: want a model, got a LoRA adapter; give it beside its model (--lora)", folder);
  }
  if (!object)
    return not_found("{}: want a model file, or a folder with {}, got a folder without", folder, kConfigName);
  const ConfigReader config(*object, config_path);
  SIXFOLD_TRY(const Family* family, find_family(config));
  SIXFOLD_TRY(ModelFacts facts, family->read_config(config));
  SIXFOLD_TRY(WeightFiles weights, open_weight_files(folder));
  SIXFOLD_TRY_STATUS(check_output(weights, config, facts));

  CheckpointBuilder builder(folder, "safetensors", weights.bytes);
  SIXFOLD_TRY_STATUS(add_tensors(weights, *family, facts, builder));
  for (FileMap& file : weights.files) builder.add_file(std::move(file));
  std::vector<MetadataEntry> metadata;
  SIXFOLD_TRY_STATUS(add_tokenizer(folder, config, *family, facts, metadata));
  SIXFOLD_TRY_STATUS(add_sentence_transformers(folder, *family, facts, metadata));
  add_model_metadata(folder, *family, facts, metadata);
  for (MetadataEntry& entry : metadata) builder.add_metadata(std::move(entry));
  return std::move(builder).finish();
}

}  // namespace sixfold::formats::huggingface
