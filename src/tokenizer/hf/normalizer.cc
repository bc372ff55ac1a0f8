// One class for each type that does more than call a function.
#include "tokenizer/hf/normalizer.h"

#include <utility>
#include <vector>

#include "core/base64.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/bert_text.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/hf/replacement.h"
#include "tokenizer/unicode.h"

namespace sixfold::tokenizer::hf {
namespace {

using Made = Result<std::unique_ptr<Normalizer>>;

// A normalizer that is one function.
template <class Function>
class Simple final : public Normalizer {
 public:
  explicit Simple(Function function) : function_(std::move(function)) {}
  Status apply(std::string& text) const override {
    text = function_(text);
    return ok();
  }

 private:
  Function function_;
};

template <class Function>
std::unique_ptr<Normalizer> simple(Function function) {
  return std::make_unique<Simple<Function>>(std::move(function));
}

std::unique_ptr<Normalizer> form(NormalForm which) {
  return simple([which](const std::string& text) { return normal_form(text, which); });
}

// The text with each character that is_kept says no to left out.
template <class Keep>
std::string filtered(std::string_view text, Keep&& is_kept) {
  std::string result;
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (is_kept(step.code_point)) result += text.substr(0, step.bytes);
    text.remove_prefix(step.bytes);
  }
  return result;
}

std::string stripped(std::string_view text, bool left, bool right) {
  while (left && !text.empty() && is_white_space(read_utf8(text).code_point)) {
    text.remove_prefix(read_utf8(text).bytes);
  }
  std::size_t end = text.size();
  while (right && end > 0) {
    const std::size_t begin = last_character(text.substr(0, end));
    if (!is_white_space(read_utf8(text.substr(begin)).code_point)) break;
    end = begin;
  }
  return std::string(text.substr(0, end));
}

// What SentencePiece's "nmt" rules do to single characters.
std::string nmt(std::string_view text) {
  const auto is_dropped = [](char32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  };
  const auto is_space = [](char32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  };
  std::string result;
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (is_space(step.code_point)) {
      result += ' ';
    } else if (!is_dropped(step.code_point)) {
      result += text.substr(0, step.bytes);
    }
    text.remove_prefix(step.bytes);
  }
  return result;
}

// A charsmap as this library applies it: to a whole grapheme if it is short and a rule fits its beginning (the shortest
// such rule), else to each of its characters.
std::string precompiled(std::string_view text, const Charsmap& charsmap) {
  constexpr std::size_t kGraphemeBytesMax = 5;
  std::string result;
  while (!text.empty()) {
    std::string_view grapheme = text.substr(0, grapheme_bytes(text));
    text.remove_prefix(grapheme.size());
    if (grapheme.size() <= kGraphemeBytesMax) {
      if (const auto match = charsmap.shortest(grapheme); match.has_value()) {
        result += match->replacement;
        continue;
      }
    }
    while (!grapheme.empty()) {
      const std::string_view character = grapheme.substr(0, read_utf8(grapheme).bytes);
      const auto match = charsmap.shortest(character);
      result += match.has_value() ? match->replacement : character;
      grapheme.remove_prefix(character.size());
    }
  }
  return result;
}

class Replace final : public Normalizer {
 public:
  explicit Replace(Replacement replacement) : replacement_(std::move(replacement)) {}
  Status apply(std::string& text) const override { return replacement_.apply(text); }

 private:
  Replacement replacement_;
};

class Sequence final : public Normalizer {
 public:
  explicit Sequence(std::vector<std::unique_ptr<Normalizer>> stages) : stages_(std::move(stages)) {}
  Status apply(std::string& text) const override {
    for (const auto& stage : stages_) {
      SIXFOLD_TRY_STATUS(stage->apply(text));
      if (text.size() > limits::kNormalizedBytesMax) {
        return resource_exhausted("tokenizer.json: normalizing makes the text longer than {} bytes",
                                  limits::kNormalizedBytesMax);
      }
    }
    return ok();
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> stages_;
};

Made read_sequence(const JsonNode& node) {
  SIXFOLD_TRY(const JsonNode list, node.get("normalizers"));
  SIXFOLD_TRY(const boost::json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many stages");
  std::vector<std::unique_ptr<Normalizer>> stages;
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(auto stage, read_normalizer(list.element(i)));
    stages.push_back(std::move(stage));
  }
  return Made(std::make_unique<Sequence>(std::move(stages)));
}

Made read_bert(const JsonNode& node) {
  BertCleaning cleaning;
  SIXFOLD_TRY(cleaning.drops_controls, node.flag_or("clean_text", true));
  SIXFOLD_TRY(cleaning.splits_cjk, node.flag_or("handle_chinese_chars", true));
  SIXFOLD_TRY(cleaning.lowers_case, node.flag_or("lowercase", true));
  SIXFOLD_TRY(cleaning.strips_accents, node.flag_or("strip_accents", cleaning.lowers_case));
  return simple([cleaning](const std::string& text) { return clean_for_bert(text, cleaning); });
}

Made read_strip(const JsonNode& node) {
  SIXFOLD_TRY(const bool left, node.flag_or("strip_left", true));
  SIXFOLD_TRY(const bool right, node.flag_or("strip_right", true));
  return simple([left, right](const std::string& text) { return stripped(text, left, right); });
}

Made read_prepend(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view prefix, node.string("prepend"));
  return simple(
      [prefix = std::string(prefix)](const std::string& text) { return text.empty() ? text : prefix + text; });
}

Made read_precompiled(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view encoded, node.string_or("precompiled_charsmap", ""));
  const auto bytes = from_base64(encoded);
  if (!bytes.has_value()) return node.error("precompiled_charsmap: want base64");
  Result<Charsmap> charsmap = Charsmap::make(*bytes);
  if (!charsmap) return node.error(charsmap.error().message);
  return simple(
      [charsmap = std::move(charsmap).value()](const std::string& text) { return precompiled(text, charsmap); });
}

}  // namespace

Result<std::unique_ptr<Normalizer>> read_normalizer(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view type, node.type());
  if (type == "Sequence") return read_sequence(node);
  if (type == "NFC") return form(NormalForm::kNfc);
  if (type == "NFD") return form(NormalForm::kNfd);
  if (type == "NFKC") return form(NormalForm::kNfkc);
  if (type == "NFKD") return form(NormalForm::kNfkd);
  if (type == "Lowercase") return simple([](const std::string& text) { return lower_case(text); });
  if (type == "StripAccents") {
    return simple([](const std::string& text) { return filtered(text, [](char32_t c) { return !is_mark(c); }); });
  }
  if (type == "Nmt") return simple([](const std::string& text) { return nmt(text); });
  if (type == "ByteLevel") {
    return simple([](const std::string& text) {
      std::string mapped;
      append_byte_level(mapped, text);
      return mapped;
    });
  }
  if (type == "BertNormalizer") return read_bert(node);
  if (type == "Strip") return read_strip(node);
  if (type == "Prepend") return read_prepend(node);
  if (type == "Precompiled") return read_precompiled(node);
  if (type == "Replace") {
    SIXFOLD_TRY(Replacement replacement, Replacement::read(node));
    return Made(std::make_unique<Replace>(std::move(replacement)));
  }
  return invalid_argument(
      "tokenizer.json: normalizer: want one of Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Nmt, "
      "ByteLevel, BertNormalizer, Strip, Prepend, Precompiled, Replace, got \"{}\"",
      type);
}

}  // namespace sixfold::tokenizer::hf
