// Which of a folder's files say what about its tokenizer; the files of a vocabulary alone are read elsewhere.
#include "formats/huggingface/tokenizer_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/json_file.h"
#include "formats/huggingface/vocabulary_files.h"

namespace sixfold::formats::huggingface {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTemplateBytesMax = std::uint64_t{4} << 20;

// A JSON file of settings that may be missing.
struct Settings {
  std::string path;
  json::object object;  // empty when there is no file

  ConfigReader reader() const { return {object, path}; }
};

Result<Settings> read_settings(const fs::path& folder, std::string_view name) {
  Settings settings;
  settings.path = folder / name;
  SIXFOLD_TRY(auto object, read_json_file(settings.path));
  if (object) settings.object = std::move(*object);
  return settings;
}

Status add_vocabulary(const fs::path& folder, const Family& family, const ModelFacts& facts,
                      std::vector<MetadataEntry>& out) {
  SIXFOLD_TRY(auto json_text, read_text_file_if_any(folder / "tokenizer.json", limits::kTokenizerFileBytesMax));
  if (json_text) {
    out.push_back({"tokenizer.huggingface.json", std::move(*json_text)});
    return ok();
  }
  SIXFOLD_TRY(auto model, read_text_file_if_any(folder / "tokenizer.model", limits::kTokenizerFileBytesMax));
  if (model) {
    out.push_back({"tokenizer.sentencepiece.model", std::move(*model)});
    return ok();
  }
  return add_vocabulary_files(folder, family, facts, out);
}

// A text, or an object with that text and how it is to be matched.
Result<std::string_view> token_text(const ConfigReader& config, std::string_view name) {
  const json::value* value = config.find(name);
  if (value == nullptr) return std::string_view();
  if (value->is_string()) return std::string_view(value->get_string());
  SIXFOLD_TRY(const auto token, config.object(name));
  return token->text("content");
}

Status add_special_texts(const ConfigReader& tokenizer, const ConfigReader& map, std::vector<MetadataEntry>& out) {
  for (const char* name :
       {"bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "mask_token"}) {
    SIXFOLD_TRY(std::string_view text, token_text(tokenizer, name));
    if (text.empty()) {
      SIXFOLD_TRY(text, token_text(map, name));
    }
    if (!text.empty()) out.push_back({std::string("tokenizer.huggingface.") + name, std::string(text)});
  }
  return ok();
}

// One id or several.  Ids beyond the vocabulary, which configurations inherit from larger models, are left out.
Result<std::vector<std::int64_t>> token_ids(const ConfigReader& config, std::string_view name,
                                            const ModelFacts& facts) {
  std::vector<std::int64_t> ids;
  const json::value* value = config.find(name);
  if (value == nullptr) return ids;
  const json::array one{*value};
  for (const json::value& element : value->is_array() ? value->get_array() : one) {
    const auto id = as_unsigned(element);
    const bool is_none = element.is_int64() && element.get_int64() == -1;  // some write it for "none"
    if (!id && !is_none) return config.wrong(name, "a token id, or an array of them");
    if (id && *id < facts.vocabulary) ids.push_back(static_cast<std::int64_t>(*id));
  }
  return ids;
}

// generation_config.json knows better than config.json, which is as old as the training.
Status add_special_ids(const ConfigReader& generation, const ConfigReader& config, const ModelFacts& facts,
                       std::vector<MetadataEntry>& out) {
  constexpr std::pair<std::string_view, std::string_view> kIds[] = {
      {"bos_token_id", "tokenizer.ggml.bos_token_id"},
      {"eos_token_id", "tokenizer.ggml.eos_token_id"},
      {"pad_token_id", "tokenizer.ggml.padding_token_id"}};
  for (const auto& [theirs, ours] : kIds) {
    SIXFOLD_TRY(std::vector<std::int64_t> ids, token_ids(generation, theirs, facts));
    if (ids.empty()) {
      SIXFOLD_TRY(ids, token_ids(config, theirs, facts));
    }
    if (ids.empty()) continue;
    const bool is_known =
        std::any_of(out.begin(), out.end(), [key = ours](const MetadataEntry& e) { return e.key == key; });
    if (!is_known) out.push_back({std::string(ours), static_cast<std::uint64_t>(ids.front())});
    if (theirs == "eos_token_id") out.push_back({"tokenizer.ggml.eos_token_ids", std::move(ids)});
  }
  return ok();
}

Status add_flags(const ConfigReader& tokenizer, std::vector<MetadataEntry>& out) {
  for (const char* name : {"add_bos_token", "add_eos_token"}) {
    if (!tokenizer.has(name)) continue;
    SIXFOLD_TRY(const bool flag, tokenizer.boolean_or(name, false));
    out.push_back({std::string("tokenizer.ggml.") + name, flag});
  }
  return ok();
}

// A file of its own counts before the settings, which hold one template or several with names.
Status add_chat_templates(const fs::path& folder, const ConfigReader& tokenizer, std::vector<MetadataEntry>& out) {
  const std::string key = "tokenizer.chat_template";
  SIXFOLD_TRY(auto file, read_text_file_if_any(folder / "chat_template.jinja", kTemplateBytesMax));
  const json::value* value = tokenizer.find("chat_template");
  if (file) {
    out.push_back({key, std::move(*file)});
    return ok();
  }
  if (value == nullptr) return ok();
  if (!value->is_array()) {
    SIXFOLD_TRY(const std::string_view text, tokenizer.text("chat_template"));
    out.push_back({key, std::string(text)});
    return ok();
  }
  for (const json::value& element : value->get_array()) {
    if (!element.is_object()) return tokenizer.wrong("chat_template", "a string, or an array of names and templates");
    const ConfigReader named(element.get_object(), "chat_template");
    SIXFOLD_TRY(const std::string_view name, named.text("name"));
    SIXFOLD_TRY(const std::string_view text, named.text("template"));
    out.push_back({name == "default" ? key : key + "." + std::string(name), std::string(text)});
  }
  return ok();
}

Status add_sampling(const ConfigReader& generation, std::vector<MetadataEntry>& out) {
  constexpr std::pair<std::string_view, std::string_view> kNumbers[] = {
      {"temperature", "general.sampling.temp"},
      {"top_p", "general.sampling.top_p"},
      {"min_p", "general.sampling.min_p"},
      {"repetition_penalty", "general.sampling.penalty_repeat"}};
  SIXFOLD_TRY(const bool samples, generation.boolean_or("do_sample", false));
  if (!samples) return ok();
  for (const auto& [theirs, ours] : kNumbers) {
    if (!generation.has(theirs)) continue;
    SIXFOLD_TRY(const double number, generation.number(theirs));
    out.push_back({std::string(ours), number});
  }
  if (const json::value* top_k = generation.find("top_k")) {
    const auto count = as_unsigned(*top_k);
    if (!count) return generation.wrong("top_k", "an integer of at least 0");
    out.push_back({"general.sampling.top_k", *count});
  }
  return ok();
}

}  // namespace

Status add_tokenizer(const std::string& folder, const ConfigReader& config, const Family& family,
                     const ModelFacts& facts, std::vector<MetadataEntry>& out) {
  const fs::path base(folder);
  SIXFOLD_TRY(const Settings tokenizer, read_settings(base, "tokenizer_config.json"));
  SIXFOLD_TRY(const Settings map, read_settings(base, "special_tokens_map.json"));
  SIXFOLD_TRY(const Settings generation, read_settings(base, "generation_config.json"));
  SIXFOLD_TRY_STATUS(add_vocabulary(base, family, facts, out));
  SIXFOLD_TRY_STATUS(add_special_texts(tokenizer.reader(), map.reader(), out));
  SIXFOLD_TRY_STATUS(add_special_ids(generation.reader(), config, facts, out));
  SIXFOLD_TRY_STATUS(add_flags(tokenizer.reader(), out));
  SIXFOLD_TRY_STATUS(add_chat_templates(base, tokenizer.reader(), out));
  SIXFOLD_TRY_STATUS(add_sampling(generation.reader(), out));
  if (facts.token_types != 0) out.push_back({"tokenizer.ggml.token_type_count", facts.token_types});
  return ok();
}

}  // namespace sixfold::formats::huggingface
