// Reads vocabularies that are one token to a key or line.
#include "formats/huggingface/vocabulary_files.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/json_file.h"

namespace sixfold::formats::huggingface {
namespace {

namespace fs = std::filesystem;

// GGUF's tokenizer.ggml.token_type.
constexpr std::int64_t kNormal = 1;
constexpr std::int64_t kControl = 3;
constexpr std::int64_t kUserDefined = 4;
constexpr std::int64_t kUnused = 5;

struct Tokens {
  std::vector<std::string> texts;  // index = id; empty for ids that no file gives a text
  std::vector<std::int64_t> kinds;

  explicit Tokens(std::size_t count) : texts(count), kinds(count, kUnused) {}

  std::optional<std::uint64_t> id_of(std::string_view text) const {
    const auto found = std::find(texts.begin(), texts.end(), text);
    if (text.empty() || found == texts.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - texts.begin());
  }
};

// {text: id}
Status read_token_map(const json::object& entries, const std::string& path, std::int64_t kind, Tokens& out) {
  for (const auto& [text, value] : entries) {
    const auto id = as_unsigned(value);
    if (!id || *id >= out.texts.size()) {
      return corrupt_data("{}: {}: want an id below the vocabulary's size {}, got {}", path, shown_text(text),
                          out.texts.size(), shown_json(value));
    }
    if (out.kinds[*id] != kUnused && out.texts[*id] != std::string_view(text)) {
      return corrupt_data("{}: {}: want an id of its own, got {}, which {} has", path, shown_text(text), *id,
                          formats::shown_text(out.texts[*id]));
    }
    out.texts[*id] = std::string(text);
    out.kinds[*id] = kind;
  }
  return ok();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<StringArray> read_merges(const std::string& path) {
  SIXFOLD_TRY(const auto text, read_text_file_if_any(path, limits::kTokenizerFileBytesMax));
  if (!text) return corrupt_data("{}: want this file beside vocab.json, got none", path);
  StringArray merges;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(*text)) {
    ++number;
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == line.size() ||
        line.find(' ', space + 1) != std::string_view::npos || !is_valid_utf8(line)) {
      return corrupt_data("{}:{}: want two tokens and a space between them, got {}", path, number, shown_text(line));
    }
    merges.push_back(line);
  }
  return merges;
}

void add_tokens(const Tokens& tokens, std::string_view model, std::vector<MetadataEntry>& out) {
  out.push_back({"tokenizer.ggml.model", std::string(model)});
  out.push_back({"tokenizer.ggml.tokens", StringArray(tokens.texts)});
  out.push_back({"tokenizer.ggml.token_type", tokens.kinds});
}

Status add_byte_level(const fs::path& folder, const json::object& vocabulary, const Family& family,
                      const ModelFacts& facts, std::vector<MetadataEntry>& out) {
  Tokens tokens(facts.vocabulary);
  SIXFOLD_TRY_STATUS(read_token_map(vocabulary, folder / "vocab.json", kNormal, tokens));
  const std::string added_path = folder / "added_tokens.json";
  SIXFOLD_TRY(const auto added, read_json_file(added_path));
  if (added) SIXFOLD_TRY_STATUS(read_token_map(*added, added_path, kUserDefined, tokens));
  // GPT-2's only special token stands among the others.
  if (const auto end = tokens.id_of("<|endoftext|>")) tokens.kinds[*end] = kControl;
  SIXFOLD_TRY(StringArray merges, read_merges(folder / "merges.txt"));
  add_tokens(tokens, "gpt2", out);
  out.push_back({"tokenizer.ggml.pre", std::string(family.pretokenizer)});
  out.push_back({"tokenizer.ggml.merges", std::move(merges)});
  return ok();
}

// GGUF marks the beginning of a word, where vocab.txt marks its continuations with "##".
std::string marked(std::string_view token) {
  constexpr std::string_view kContinuation = "##";
  constexpr std::string_view kWordBegin = "\xE2\x96\x81";  // U+2581
  if (token.starts_with(kContinuation) && token.size() > kContinuation.size()) {
    return std::string(token.substr(kContinuation.size()));
  }
  return std::string(kWordBegin).append(token);
}

Status add_word_pieces(const fs::path& folder, std::string_view text, const ModelFacts& facts,
                       std::vector<MetadataEntry>& out) {
  constexpr std::pair<std::string_view, std::string_view> kSpecial[] = {
      {"[PAD]", "padding"}, {"[UNK]", "unknown"}, {"[CLS]", "bos"}, {"[SEP]", "eos"}, {"[MASK]", "mask"}};
  const std::string path = folder / "vocab.txt";
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() > facts.vocabulary) {
    return corrupt_data("{}: want at most {} lines, the vocabulary's size, got {}", path, facts.vocabulary,
                        lines.size());
  }
  Tokens tokens(facts.vocabulary);
  for (std::size_t id = 0; id < lines.size(); ++id) {
    if (!is_valid_utf8(lines[id]))
      return corrupt_data("{}:{}: want UTF-8 text, got {}", path, id + 1, shown_text(lines[id]));
    const auto* special =
        std::find_if(std::begin(kSpecial), std::end(kSpecial), [&](const auto& row) { return row.first == lines[id]; });
    const bool is_special = special != std::end(kSpecial);
    tokens.texts[id] = is_special ? std::string(lines[id]) : marked(lines[id]);
    tokens.kinds[id] = is_special ? kControl : kNormal;
    if (is_special) out.push_back({"tokenizer.ggml." + std::string(special->second) + "_token_id", std::uint64_t{id}});
  }
  add_tokens(tokens, "bert", out);
  const std::string settings_path = folder / "tokenizer_config.json";
  SIXFOLD_TRY(const auto settings, read_json_file(settings_path));
  if (!settings) return ok();
  SIXFOLD_TRY(const bool lowers_case, ConfigReader(*settings, settings_path).boolean_or("do_lower_case", true));
  out.push_back({"tokenizer.ggml.normalizer.lowercase", lowers_case});
  return ok();
}

}  // namespace

Status add_vocabulary_files(const fs::path& folder, const Family& family, const ModelFacts& facts,
                            std::vector<MetadataEntry>& out) {
  if (!family.pretokenizer.empty()) {
    SIXFOLD_TRY(const auto vocabulary, read_json_file(folder / "vocab.json"));
    if (vocabulary) return add_byte_level(folder, *vocabulary, family, facts, out);
  }
  if (family.architecture == "bert" || family.architecture == "nomic-bert") {
    SIXFOLD_TRY(const auto text, read_text_file_if_any(folder / "vocab.txt", limits::kTokenizerFileBytesMax));
    if (text) return add_word_pieces(folder, *text, facts, out);
  }
  return ok();
}

}  // namespace sixfold::formats::huggingface
