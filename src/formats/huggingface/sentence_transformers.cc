// Reads modules.json, the pooling step's own file, and the two files of settings.
#include "formats/huggingface/sentence_transformers.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/json_file.h"

namespace sixfold::formats::huggingface {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPoolingScores = 4;

struct PoolingRow {
  std::string_view field;
  std::uint64_t type;  // GGUF's; 0: none has it
};
constexpr PoolingRow kPoolings[] = {
    {"pooling_mode_mean_tokens", 1},
    {"pooling_mode_cls_token", 2},
    {"pooling_mode_lasttoken", 3},
    {"pooling_mode_max_tokens", 0},
    {"pooling_mode_mean_sqrt_len_tokens", 0},
    {"pooling_mode_weightedmean_tokens", 0},
};

// Nothing when the file is not there.
Result<std::optional<std::uint64_t>> read_pooling(const std::string& path) {
  SIXFOLD_TRY(const auto object, read_json_file(path));
  if (!object) return std::optional<std::uint64_t>();
  const ConfigReader config(*object, path);
  std::optional<std::uint64_t> chosen;
  for (const PoolingRow& row : kPoolings) {
    SIXFOLD_TRY(const bool is_on, config.boolean_or(row.field, false));
    if (!is_on) continue;
    if (row.type == 0) return config.unsupported(row.field, "this kind of pooling is not supported");
    if (chosen) return config.unsupported(row.field, "several kinds of pooling at once are not supported");
    chosen = row.type;
  }
  if (!chosen) return config.wrong("pooling_mode_mean_tokens", "one kind of pooling");
  return chosen;
}

struct Steps {
  std::string pooling_folder = "1_Pooling";  // where there is no list of steps
  bool normalizes = false;
};

// The folder of a step: a name within this folder, or "".
bool is_plain_folder_name(std::string_view name) {
  return name.size() < 256 && !name.starts_with('.') &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

Result<Steps> read_steps(const std::string& path) {
  Steps steps;
  SIXFOLD_TRY(const auto list, read_json_array_file(path));
  if (!list) return steps;
  for (const json::value& entry : *list) {
    if (!entry.is_object()) return corrupt_data("{}: want an array of objects, got {} in it", path, shown_json(entry));
    const ConfigReader step(entry.get_object(), path);
    SIXFOLD_TRY(const std::string_view type, step.text("type"));
    SIXFOLD_TRY(const std::string_view folder, step.text_or("path", ""));
    if (!is_plain_folder_name(folder)) return step.wrong("path", "a folder within this one");
    const std::string_view kind = type.substr(type.rfind('.') + 1);
    if (kind == "Pooling") {
      steps.pooling_folder = std::string(folder);
    } else if (kind == "Normalize") {
      steps.normalizes = true;
    } else if (kind != "Transformer") {
      return step.unsupported("type", "{} is not supported, want Transformer, Pooling or Normalize", shown_text(type));
    }
  }
  return steps;
}

Status add_settings(const fs::path& folder, std::vector<MetadataEntry>& out) {
  const std::string length_path = folder / "sentence_bert_config.json";
  SIXFOLD_TRY(const auto length, read_json_file(length_path));
  if (length && ConfigReader(*length, length_path).has("max_seq_length")) {
    SIXFOLD_TRY(const std::uint64_t tokens,
                ConfigReader(*length, length_path).count("max_seq_length", limits::kContextMax));
    out.push_back({"sentence_transformers.max_seq_length", tokens});
  }
  const std::string prompt_path = folder / "config_sentence_transformers.json";
  SIXFOLD_TRY(const auto settings, read_json_file(prompt_path));
  if (!settings) return ok();
  const ConfigReader config(*settings, prompt_path);
  SIXFOLD_TRY(const auto prompts, config.object("prompts"));
  if (prompts) {
    for (const auto& [name, text] : config.find("prompts")->get_object()) {
      SIXFOLD_TRY(const std::string_view prompt, prompts->text_or(name, ""));
      out.push_back({"sentence_transformers.prompt." + std::string(name), std::string(prompt)});
    }
  }
  SIXFOLD_TRY(const std::string_view usual, config.text_or("default_prompt_name", ""));
  if (!usual.empty()) out.push_back({"sentence_transformers.default_prompt", std::string(usual)});
  return ok();
}

}  // namespace

Status add_sentence_transformers(const std::string& folder, const Family& family, const ModelFacts& facts,
                                 std::vector<MetadataEntry>& out) {
  const fs::path base(folder);
  const std::string pooling_key = std::string(family.architecture) + ".pooling_type";
  if (facts.has_classifier) {
    out.push_back({pooling_key, kPoolingScores});
    return ok();
  }
  SIXFOLD_TRY(const Steps steps, read_steps(base / "modules.json"));
  SIXFOLD_TRY(const auto pooling, read_pooling(base / steps.pooling_folder / "config.json"));
  if (pooling) out.push_back({pooling_key, *pooling});
  if (steps.normalizes) out.push_back({"sentence_transformers.normalize", true});
  return add_settings(base, out);
}

}  // namespace sixfold::formats::huggingface
