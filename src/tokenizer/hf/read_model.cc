// Reads the vocabulary, which three kinds write as a map and one as a list, and picks the kind.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "tokenizer/hf/model.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

// Files of the library's first versions do not name the kind.
std::string_view guessed_type(const JsonNode& node) {
  if (node.find("merges").has_value()) return "BPE";
  if (const auto vocabulary = node.find("vocab"); vocabulary.has_value() && vocabulary->value().is_array()) {
    return "Unigram";
  }
  return node.find("continuing_subword_prefix").has_value() ? "WordPiece" : "WordLevel";
}

// {"text": id, ...}
Result<StringArray> read_map(const JsonNode& node, const json::object& map) {
  std::vector<std::string_view> texts(map.size());
  std::size_t bytes = 0;
  for (const auto& [key, value] : map) {
    const std::string_view text = key;
    if (!value.is_int64() || value.get_int64() < 0) return node.error("want ids that are not negative numbers");
    const auto id = static_cast<std::uint64_t>(value.get_int64());
    if (id >= limits::kVocabularyMax) {
      return node.error(fmt::format("want ids below {}, got {}", limits::kVocabularyMax, id));
    }
    if (id >= texts.size()) texts.resize(id + 1);
    if (!texts[id].empty()) return node.error(fmt::format("two tokens have the id {}", id));
    texts[id] = text;
    bytes += text.size();
  }
  StringArray tokens;
  tokens.reserve(texts.size(), bytes);
  for (const std::string_view text : texts) tokens.push_back(text);
  return tokens;
}

// [["text", score], ...]
Result<StringArray> read_list(const JsonNode& node, const json::array& list) {
  StringArray tokens;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonNode row = node.element(i);
    SIXFOLD_TRY(const json::array* pair, row.array());
    if (pair->empty()) return row.error("want a text and a score");
    SIXFOLD_TRY(const std::string_view text, row.element(0).text());
    tokens.push_back(text);
  }
  return tokens;
}

}  // namespace

Result<StringArray> read_model_tokens(const JsonNode& node) {
  SIXFOLD_TRY(const JsonNode vocabulary, node.get("vocab"));
  const bool is_list = vocabulary.value().is_array();
  SIXFOLD_TRY(
      StringArray tokens,
      is_list ? read_list(vocabulary, vocabulary.value().get_array()) : [&]() -> Result<StringArray> {
        SIXFOLD_TRY(const json::object* map, vocabulary.object());
        return read_map(vocabulary, *map);
      }());
  if (tokens.size() > limits::kVocabularyMax) {
    return vocabulary.error(fmt::format("want at most {} tokens, got {}", limits::kVocabularyMax, tokens.size()));
  }
  return tokens;
}

Result<std::unique_ptr<Model>> read_model(const JsonNode& node, const TokenTable& table, std::size_t own_tokens) {
  SIXFOLD_TRY(const std::string_view type, node.string_or("type", guessed_type(node)));
  const OwnTokens tokens(table, own_tokens);
  if (type == "BPE") return read_bpe(node, tokens);
  if (type == "Unigram") return read_unigram(node, tokens);
  if (type == "WordPiece") return read_word_piece(node, tokens);
  if (type == "WordLevel") return read_word_level(node, tokens);
  return invalid_argument("tokenizer.json: model: want one of BPE, Unigram, WordPiece, WordLevel, got \"{}\"", type);
}

}  // namespace sixfold::tokenizer::hf
