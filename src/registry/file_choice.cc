// Names of files as the hub's repositories use them.
#include "registry/file_choice.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "core/error.h"
#include "net/ascii.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kGguf = ".gguf";
constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::size_t kShownMax = 12;

// What a loader may want beside the weights.
constexpr std::array<std::string_view, 23> kFolderFiles = {"config.json",
                                                           "generation_config.json",
                                                           "tokenizer.json",
                                                           "tokenizer_config.json",
                                                           "tokenizer.model",
                                                           "spiece.model",
                                                           "sentencepiece.bpe.model",
                                                           "special_tokens_map.json",
                                                           "added_tokens.json",
                                                           "vocab.json",
                                                           "vocab.txt",
                                                           "merges.txt",
                                                           "chat_template.jinja",
                                                           "chat_template.json",
                                                           "preprocessor_config.json",
                                                           "modules.json",
                                                           "config_sentence_transformers.json",
                                                           "sentence_bert_config.json",
                                                           "1_Pooling/config.json",
                                                           "adapter_config.json",
                                                           "model.safetensors.index.json",
                                                           "LICENSE",
                                                           "LICENSE.txt"};

// A LoRA adapter as PEFT saves it.
constexpr std::array<std::string_view, 2> kAdapterFiles = {"adapter_config.json", "adapter_model.safetensors"};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "model" for "model-00001-of-00003.gguf"; the path without its ending for an undivided file.
std::string_view stem_of(std::string_view path) {
  constexpr std::size_t kDigits = 5;
  constexpr std::string_view kOf = "-of-";
  constexpr std::size_t kPartBytes = 1 + kDigits + kOf.size() + kDigits;
  path.remove_suffix(kGguf.size());
  if (path.size() <= kPartBytes) return path;
  const std::string_view part = path.substr(path.size() - kPartBytes);
  const bool is_part = part.front() == '-' && is_digits(part.substr(1, kDigits)) &&
                       part.substr(1 + kDigits, kOf.size()) == kOf && is_digits(part.substr(part.size() - kDigits));
  return is_part ? path.substr(0, path.size() - kPartBytes) : path;
}

// Neither image projectors nor importance matrices are models.
bool is_gguf_model(std::string_view path) {
  const std::string name = net::ascii_lowered(path.substr(path.rfind('/') + 1));
  return net::ascii_lowered(path).ends_with(kGguf) && name.find("mmproj") == std::string::npos &&
         name.find("imatrix") == std::string::npos;
}

// Stem to the files of one model, in order of their parts.
std::map<std::string, std::vector<std::string>> gguf_models(std::span<const std::string> paths) {
  std::map<std::string, std::vector<std::string>> models;
  for (const std::string& path : paths) {
    if (is_gguf_model(path)) models[std::string(stem_of(path))].push_back(path);
  }
  for (auto& [stem, files] : models) std::sort(files.begin(), files.end());
  return models;
}

bool has_word(std::string_view text, std::string_view word) {
  const std::string in = net::ascii_lowered(text);
  const std::string wanted = net::ascii_lowered(word);
  const auto continues = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
  };
  for (std::size_t at = in.find(wanted); at != std::string::npos; at = in.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if ((at == 0 || !continues(in[at - 1])) && (end == in.size() || !continues(in[end]))) return true;
  }
  return false;
}

std::string shown(const std::map<std::string, std::vector<std::string>>& models) {
  std::vector<std::string_view> names;
  for (const auto& [stem, files] : models) names.push_back(files.front());
  const std::size_t count = std::min(names.size(), kShownMax);
  return fmt::format("{}{}", fmt::join(std::span(names).first(count), ", "), count < names.size() ? ", ..." : "");
}

bool is_weight_file(std::string_view path) {
  return path.ends_with(kSafetensors) && path.find('/') == std::string_view::npos;
}

// Weights called model... are the ones that config.json describes; others beside them are variants.
std::vector<std::string> folder_files(std::span<const std::string> paths) {
  std::vector<std::string> files;
  const auto is_model = [](const std::string& path) { return is_weight_file(path) && path.starts_with("model"); };
  const bool has_model = std::any_of(paths.begin(), paths.end(), is_model);
  // Some repositories hold the same weights whole and in parts.
  const bool is_whole = std::find(paths.begin(), paths.end(), "model.safetensors") != paths.end();
  for (const std::string& path : paths) {
    const bool is_listed = std::find(kFolderFiles.begin(), kFolderFiles.end(), path) != kFolderFiles.end() &&
                           !(is_whole && path == "model.safetensors.index.json");
    const bool is_weight = is_whole ? path == "model.safetensors" : has_model ? is_model(path) : is_weight_file(path);
    if (is_listed || is_weight) files.push_back(path);
  }
  return files;
}

// A model of which a part is missing, perhaps because somebody is still sending it, is none.
Result<std::vector<std::string>> whole(std::vector<std::string> files, std::string_view source) {
  constexpr std::size_t kDigits = 5;
  const std::string& first = files.front();
  if (!is_split_gguf(first)) return files;
  const std::size_t count = std::stoul(first.substr(first.size() - kGguf.size() - kDigits, kDigits));
  if (count == files.size()) return files;
  return not_found("{}: {}: want {} parts, there are {}", source, first, count, files.size());
}

Result<std::vector<std::string>> choose_path(std::span<const std::string> paths, const std::string& wanted,
                                             std::string_view source) {
  if (std::find(paths.begin(), paths.end(), wanted) == paths.end()) {
    return not_found("{}: no file \"{}\"", source, wanted);
  }
  if (!wanted.ends_with(kGguf)) return std::vector<std::string>{wanted};
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (path.ends_with(kGguf) && stem_of(path) == stem_of(wanted)) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return whole(std::move(files), source);
}

}  // namespace

bool is_split_gguf(std::string_view path) {
  return path.ends_with(kGguf) && stem_of(path).size() + kGguf.size() < path.size();
}

Result<std::vector<std::string>> choose_files(std::span<const std::string> paths, const FileWish& wish,
                                              std::string_view source) {
  if (!wish.path.empty()) return choose_path(paths, wish.path, source);
  auto models = gguf_models(paths);
  const auto fits = [&](std::string_view word) {
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& [stem, files] : models) {
      if (has_word(stem, word)) found.insert({stem, files});
    }
    return found;
  };
  if (!wish.quantization.empty()) {
    const auto found = fits(wish.quantization);
    if (found.size() == 1) return whole(found.begin()->second, source);
    if (!found.empty()) {
      return invalid_argument("{}: several files fit \"{}\": {}", source, wish.quantization, shown(found));
    }
    return not_found("{}: no GGUF file with \"{}\"; there is: {}", source, wish.quantization, shown(models));
  }
  const auto has = [&](std::string_view name) { return std::find(paths.begin(), paths.end(), name) != paths.end(); };
  if (!has("config.json") && has(kAdapterFiles[0]) && has(kAdapterFiles[1])) {
    return std::vector<std::string>(kAdapterFiles.begin(), kAdapterFiles.end());
  }
  const bool has_folder = has("config.json") && std::any_of(paths.begin(), paths.end(), is_weight_file);
  if (has_folder) return folder_files(paths);
  if (models.size() == 1) return whole(models.begin()->second, source);
  if (const auto found = fits("Q4_K_M"); found.size() == 1) return whole(found.begin()->second, source);
  if (models.empty()) return not_found("{}: neither GGUF nor safetensors files", source);
  return invalid_argument("{}: want a quantization or a file, there is: {}", source, shown(models));
}

}  // namespace sixfold::registry
