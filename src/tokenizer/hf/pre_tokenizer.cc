// One class for each type that does more than look at single characters.
#include "tokenizer/hf/pre_tokenizer.h"

#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/hf/replacement.h"
#include "tokenizer/pretokenizer_list.h"
#include "tokenizer/unicode.h"

namespace sixfold::tokenizer::hf {
namespace {

using Made = Result<std::unique_ptr<PreTokenizer>>;

// Cuts at the characters of a kind, in one or more passes.
class AtCharacters final : public PreTokenizer {
 public:
  struct Pass {
    std::function<bool(char32_t)> is_cut;
    SplitBehavior behavior;
  };
  explicit AtCharacters(std::vector<Pass> passes) : passes_(std::move(passes)) {}
  Status apply(Pieces& pieces) const override {
    for (const Pass& pass : passes_) pieces.split_at(pass.is_cut, pass.behavior);
    return ok();
  }

 private:
  std::vector<Pass> passes_;
};

class AtPattern final : public PreTokenizer {
 public:
  AtPattern(TextPattern pattern, SplitBehavior behavior, bool inverts)
      : pattern_(std::move(pattern)), behavior_(behavior), inverts_(inverts) {}
  Status apply(Pieces& pieces) const override {
    MatchScratch scratch(pieces.bytes());
    return pieces.split([&](std::string_view text, std::size_t from) { return pattern_.find(text, from, scratch); },
                        behavior_, inverts_);
  }

 private:
  TextPattern pattern_;
  SplitBehavior behavior_;
  bool inverts_;
};

// Runs of word characters and runs of anything else that is not a space.
class Whitespace final : public PreTokenizer {
 public:
  explicit Whitespace(Pattern pattern) : pattern_(std::move(pattern)) {}
  Status apply(Pieces& pieces) const override {
    MatchScratch scratch(pieces.bytes());
    return pieces.split([&](std::string_view text, std::size_t from) { return pattern_.find(text, from, scratch); },
                        SplitBehavior::kRemoved, true);
  }

 private:
  Pattern pattern_;
};

class ByteLevel final : public PreTokenizer {
 public:
  ByteLevel(bool adds_prefix_space, std::optional<Pattern> pattern)
      : adds_prefix_space_(adds_prefix_space), pattern_(std::move(pattern)) {}
  Status apply(Pieces& pieces) const override {
    if (adds_prefix_space_) {
      pieces.rewrite([](std::string_view text, bool, std::string& result) {
        if (!text.starts_with(' ')) result += ' ';
        result += text;
      });
    }
    if (pattern_.has_value()) {
      MatchScratch scratch(pieces.bytes());
      SIXFOLD_TRY_STATUS(
          pieces.split([&](std::string_view text, std::size_t from) { return pattern_->find(text, from, scratch); },
                       SplitBehavior::kIsolated));
    }
    pieces.rewrite([](std::string_view text, bool, std::string& result) { append_byte_level(result, text); });
    return ok();
  }

 private:
  bool adds_prefix_space_;
  std::optional<Pattern> pattern_;  // GPT-2's, or nothing: the text is not cut
};

class Metaspace final : public PreTokenizer {
 public:
  Metaspace(std::string mark, PrependScheme scheme, bool splits)
      : mark_(std::move(mark)), scheme_(scheme), splits_(splits) {}
  Status apply(Pieces& pieces) const override {
    pieces.rewrite([&](std::string_view text, bool starts_text, std::string& result) {
      const bool prepends = scheme_ == PrependScheme::kAlways || (scheme_ == PrependScheme::kFirst && starts_text);
      if (prepends && !text.starts_with(' ') && !text.starts_with(mark_)) result += mark_;
      for (const char byte : text) {
        if (byte == ' ') {
          result += mark_;
        } else {
          result += byte;
        }
      }
    });
    if (!splits_) return ok();
    return pieces.split(
        [&](std::string_view text, std::size_t from) -> Result<std::optional<TextRange>> {
          const std::size_t at = text.find(mark_, from);
          if (at == std::string_view::npos) return std::optional<TextRange>();
          return std::optional<TextRange>({at, at + mark_.size()});
        },
        SplitBehavior::kMergedWithNext);
  }

 private:
  std::string mark_;
  PrependScheme scheme_;
  bool splits_;
};

class Sequence final : public PreTokenizer {
 public:
  explicit Sequence(std::vector<std::unique_ptr<PreTokenizer>> stages) : stages_(std::move(stages)) {}
  Status apply(Pieces& pieces) const override {
    for (const auto& stage : stages_) {
      SIXFOLD_TRY_STATUS(stage->apply(pieces));
      if (pieces.bytes() > limits::kNormalizedBytesMax) {
        return resource_exhausted("tokenizer.json: pre_tokenizer: the text becomes longer than {} bytes",
                                  limits::kNormalizedBytesMax);
      }
    }
    return ok();
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> stages_;
};

std::unique_ptr<PreTokenizer> at(std::vector<AtCharacters::Pass> passes) {
  return std::make_unique<AtCharacters>(std::move(passes));
}

Made read_sequence(const JsonNode& node) {
  SIXFOLD_TRY(const JsonNode list, node.get("pretokenizers"));
  SIXFOLD_TRY(const boost::json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many stages");
  std::vector<std::unique_ptr<PreTokenizer>> stages;
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(auto stage, read_pre_tokenizer(list.element(i)));
    stages.push_back(std::move(stage));
  }
  return Made(std::make_unique<Sequence>(std::move(stages)));
}

Made read_byte_level(const JsonNode& node) {
  SIXFOLD_TRY(const bool adds_prefix_space, node.flag_or("add_prefix_space", true));
  SIXFOLD_TRY(const bool uses_pattern, node.flag_or("use_regex", true));
  std::optional<Pattern> pattern;
  if (uses_pattern) {
    SIXFOLD_TRY(pattern, Pattern::make(find_pretokenizer("gpt-2")->patterns.front()));
  }
  return Made(std::make_unique<ByteLevel>(adds_prefix_space, std::move(pattern)));
}

Made read_metaspace(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view mark, node.string_or("replacement", "\u2581"));
  if (mark.empty() || read_utf8(mark).bytes != mark.size()) return node.error("replacement: want one character");
  SIXFOLD_TRY(const PrependScheme scheme, read_prepend_scheme(node));
  SIXFOLD_TRY(const bool splits, node.flag_or("split", true));
  return Made(std::make_unique<Metaspace>(std::string(mark), scheme, splits));
}

Made read_split(const JsonNode& node) {
  SIXFOLD_TRY(const JsonNode pattern_node, node.get("pattern"));
  SIXFOLD_TRY(TextPattern pattern, TextPattern::read(pattern_node));
  SIXFOLD_TRY(const SplitBehavior behavior, read_behavior(node, "behavior", SplitBehavior::kIsolated));
  SIXFOLD_TRY(const bool inverts, node.flag_or("invert", false));
  return Made(std::make_unique<AtPattern>(std::move(pattern), behavior, inverts));
}

Made read_delimiter(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view text, node.string("delimiter"));
  const Utf8Step step = read_utf8(text);
  if (text.empty() || step.bytes != text.size()) return node.error("delimiter: want one character");
  return at({{[delimiter = step.code_point](char32_t c) { return c == delimiter; }, SplitBehavior::kRemoved}});
}

Made read_whitespace() {
  SIXFOLD_TRY(Pattern pattern, Pattern::make(R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+|)"
                                             R"([^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}\s]+)"));
  return Made(std::make_unique<Whitespace>(std::move(pattern)));
}

}  // namespace

Result<PrependScheme> read_prepend_scheme(const JsonNode& node) {
  SIXFOLD_TRY(const bool adds_prefix_space, node.flag_or("add_prefix_space", true));  // how older files say it
  SIXFOLD_TRY(const std::string_view scheme, node.string_or("prepend_scheme", adds_prefix_space ? "always" : "never"));
  if (scheme == "always") return PrependScheme::kAlways;
  if (scheme == "first") return PrependScheme::kFirst;
  if (scheme == "never") return PrependScheme::kNever;
  return node.error(fmt::format("prepend_scheme: want one of always, first, never, got \"{}\"", scheme));
}

Result<std::unique_ptr<PreTokenizer>> read_pre_tokenizer(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view type, node.type());
  if (type == "Sequence") return read_sequence(node);
  if (type == "ByteLevel") return read_byte_level(node);
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "Split") return read_split(node);
  if (type == "CharDelimiterSplit") return read_delimiter(node);
  if (type == "Whitespace") return read_whitespace();
  if (type == "WhitespaceSplit") return at({{is_white_space, SplitBehavior::kRemoved}});
  if (type == "BertPreTokenizer") {
    return at({{is_white_space, SplitBehavior::kRemoved}, {is_bert_punctuation, SplitBehavior::kIsolated}});
  }
  if (type == "Punctuation") {
    SIXFOLD_TRY(const SplitBehavior behavior, read_behavior(node, "behavior", SplitBehavior::kIsolated));
    return at({{is_bert_punctuation, behavior}});
  }
  if (type == "Digits") {
    SIXFOLD_TRY(const bool one_by_one, node.flag_or("individual_digits", false));
    return at({{is_numeric, one_by_one ? SplitBehavior::kIsolated : SplitBehavior::kContiguous}});
  }
  return invalid_argument(
      "tokenizer.json: pre_tokenizer: want one of Sequence, ByteLevel, Metaspace, Split, CharDelimiterSplit, "
      "Whitespace, WhitespaceSplit, BertPreTokenizer, Punctuation, Digits, got \"{}\"",
      type);
}

}  // namespace sixfold::tokenizer::hf
