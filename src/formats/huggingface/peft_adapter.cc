// PEFT names a pair of matrices after the module that it changes, which the tables of tensor_names.cc know.
#include "formats/huggingface/peft_adapter.h"

#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/file_map.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/family.h"
#include "formats/huggingface/json_file.h"
#include "formats/huggingface/peft_config.h"
#include "formats/safetensors_read.h"

namespace sixfold::formats::huggingface {
namespace {

namespace fs = std::filesystem;

struct Ending {
  std::string_view text;
  bool is_low;  // A, of A and B
};
// The second two are those of a state that was saved with the adapter's name.
constexpr Ending kEndings[] = {{".lora_A.weight", true},
                               {".lora_B.weight", false},
                               {".lora_A.default.weight", true},
                               {".lora_B.default.weight", false}};

// Tensors of adapters that are more than pairs of matrices.
constexpr std::pair<std::string_view, std::string_view> kRefusedParts[] = {
    {"lora_embedding_", "adapters of embeddings are not supported"},
    {"lora_magnitude_vector", "norms of weights (DoRA) are not supported"},
    {"modules_to_save", "whole modules are not supported"},
    {"lora_B.bias", "biases are not supported"},
};

class PeftReader {
 public:
  PeftReader(const PeftConfig& config, std::string weights_path, std::string_view architecture)
      : config_(config), weights_path_(std::move(weights_path)), architecture_(architecture) {}

  Status add(const SafetensorsTensor& stored, CheckpointBuilder& builder) const;

 private:
  Result<std::string> base_name(std::string_view module, const std::string& where) const;

  const PeftConfig& config_;
  std::string weights_path_;
  std::string_view architecture_;
};

// GGUF's name of the tensor that belongs to a module.
Result<std::string> PeftReader::base_name(std::string_view module, const std::string& where) const {
  const std::string weight = std::string(module) + ".weight";
  for (const Family& family : families()) {
    if (family.architecture != architecture_) continue;
    auto named = rename_tensor(weight, family.prefix, family.names);
    if (named && named->form != Form::kIgnored) return std::move(named->name);
  }
  return invalid_argument("{}: want a part of a {} model that is supported", where, architecture_);
}

Status PeftReader::add(const SafetensorsTensor& stored, CheckpointBuilder& builder) const {
  const std::string where = weights_path_ + ": tensor " + formats::shown_text(stored.name);
  for (const auto& [part, refusal] : kRefusedParts) {
    if (stored.name.find(part) != std::string::npos) return invalid_argument("{}: {}", where, refusal);
  }
  constexpr std::string_view kPrefix = "base_model.model.";
  std::string_view module = stored.name;
  if (module.starts_with(kPrefix)) module.remove_prefix(kPrefix.size());
  const Ending* found = nullptr;
  for (const Ending& ending : kEndings) {
    if (module.ends_with(ending.text)) found = &ending;
  }
  if (found == nullptr) return invalid_argument("{}: want the lora_A or lora_B of a module", where);
  module.remove_suffix(found->text.size());
  SIXFOLD_TRY(const std::string base, base_name(module, where));
  SIXFOLD_TRY(TensorView view, to_tensor_view(stored, weights_path_));
  view.name = base + (found->is_low ? ".lora_a" : ".lora_b");
  if (found->is_low) {
    const std::uint64_t rank = config_.rank_of(module);
    if (view.shape.rank != 2 || view.shape[0] != rank) {
      return corrupt_data("{}: shape {}, want [{}, inputs] as {} says", where, to_string(view.shape), rank,
                          kPeftConfigName);
    }
    builder.add_metadata({"adapter.lora.scale." + base, config_.scale_of(module)});
  }
  builder.add_tensor(std::move(view));
  return ok();
}

void add_metadata(std::string_view architecture, CheckpointBuilder& builder) {
  builder.add_metadata({"general.type", std::string("adapter")});
  builder.add_metadata({"general.architecture", std::string(architecture)});
  builder.add_metadata({"adapter.type", std::string("lora")});
  for (const Family& family : families()) {
    if (family.architecture != architecture || !family.has_rope_halves) continue;
    builder.add_metadata({std::string(architecture) + ".rope.pairing", std::string("halves")});
    return;
  }
}

}  // namespace

std::optional<std::string> peft_folder_of(const std::string& path) {
  std::error_code ignored;
  const fs::path whole(path);
  if (fs::is_directory(whole, ignored)) {
    return fs::exists(whole / kPeftConfigName, ignored) ? std::optional(path) : std::nullopt;
  }
  if (whole.filename() != kPeftConfigName && whole.filename() != kPeftWeightsName) return std::nullopt;
  return whole.has_parent_path() ? whole.parent_path().string() : std::string(".");
}

Result<Checkpoint> read_peft(const json::object& config, std::span<const std::byte> weights, const std::string& folder,
                             std::string_view architecture) {
  const ConfigReader reader(config, fs::path(folder) / kPeftConfigName);
  SIXFOLD_TRY(const PeftConfig peft, read_peft_config(reader));
  const std::string weights_path = fs::path(folder) / kPeftWeightsName;
  SIXFOLD_TRY(const std::vector<SafetensorsTensor> tensors, read_safetensors(weights, weights_path));
  CheckpointBuilder builder(folder, "safetensors", weights.size());
  const PeftReader adder(peft, weights_path, architecture);
  for (const SafetensorsTensor& tensor : tensors) SIXFOLD_TRY_STATUS(adder.add(tensor, builder));
  add_metadata(architecture, builder);
  return std::move(builder).finish();
}

Result<Checkpoint> open_peft_folder(const std::string& folder, std::string_view architecture) {
  const std::string config_path = fs::path(folder) / kPeftConfigName;
  SIXFOLD_TRY(const auto config, read_json_file(config_path));
  if (!config) return not_found("{}: want {} beside {}, got none", folder, kPeftConfigName, kPeftWeightsName);
  SIXFOLD_TRY(FileMap weights, FileMap::open(fs::path(folder) / kPeftWeightsName));
  SIXFOLD_TRY(Checkpoint checkpoint, read_peft(*config, weights.bytes(), folder, architecture));
  CheckpointBuilder::give_file(checkpoint, std::move(weights));
  return checkpoint;
}

}  // namespace sixfold::formats::huggingface
