// One class for each type.
#include "tokenizer/hf/decoder.h"

#include <array>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/hf/pre_tokenizer.h"
#include "tokenizer/hf/replacement.h"
#include "tokenizer/sentencepiece_text.h"

namespace sixfold::tokenizer::hf {
namespace {

using Made = Result<std::unique_ptr<Decoder>>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

class Spaced final : public Decoder {
 public:
  void apply(std::string& token, const TokenPlace& place) const override {
    if (!place.is_first) token.insert(0, 1, ' ');
  }
};

class ByteLevel final : public Decoder {
 public:
  void apply(std::string& token, const TokenPlace& /*place*/) const override {
    if (is_byte_level(token)) token = from_byte_level(token);
  }
};

class ByteFallback final : public Decoder {
 public:
  void apply(std::string& token, const TokenPlace& /*place*/) const override {
    if (const auto byte = byte_of_token_text(token); byte.has_value()) token.assign(1, static_cast<char>(*byte));
  }
};

class Metaspace final : public Decoder {
 public:
  Metaspace(std::string mark, bool drops_first) : mark_(std::move(mark)), drops_first_(drops_first) {}
  void apply(std::string& token, const TokenPlace& place) const override {
    replace_all(token, mark_, place.is_first && drops_first_ ? "" : " ");
  }

 private:
  std::string mark_;
  bool drops_first_;
};

class WordPiece final : public Decoder {
 public:
  WordPiece(std::string prefix, bool cleans_up) : prefix_(std::move(prefix)), cleans_up_(cleans_up) {}
  void apply(std::string& token, const TokenPlace& place) const override {
    if (!place.is_first) {
      const bool continues = !prefix_.empty() && token.starts_with(prefix_);
      token = continues ? token.substr(prefix_.size()) : ' ' + token;
    }
    if (!cleans_up_) return;
    struct Rule {
      std::string_view from, to;
    };
    constexpr std::array<Rule, 11> kRules = {{{" .", "."},
                                              {" ?", "?"},
                                              {" !", "!"},
                                              {" ,", ","},
                                              {" ' ", "'"},
                                              {" n't", "n't"},
                                              {" 'm", "'m"},
                                              {" do not", " don't"},
                                              {" 's", "'s"},
                                              {" 've", "'ve"},
                                              {" 're", "'re"}}};
    for (const Rule& rule : kRules) replace_all(token, rule.from, rule.to);
  }

 private:
  std::string prefix_;
  bool cleans_up_;
};

// "</w>" ends a word: a space, but not behind the last one.
class Suffix final : public Decoder {
 public:
  explicit Suffix(std::string suffix) : suffix_(std::move(suffix)) {}
  void apply(std::string& token, const TokenPlace& place) const override {
    if (!suffix_.empty()) replace_all(token, suffix_, place.is_last ? "" : " ");
  }

 private:
  std::string suffix_;
};

// Takes up to so many of one character off each end: of every token, or of the whole text when the tokens have been
// fused before.
class Strip final : public Decoder {
 public:
  Strip(std::string content, std::uint64_t start, std::uint64_t stop, bool is_fused)
      : content_(std::move(content)), start_(start), stop_(stop), is_fused_(is_fused) {}
  void apply(std::string& token, const TokenPlace& place) const override {
    for (std::uint64_t i = 0; i < start_ && (!is_fused_ || place.is_first) && token.starts_with(content_); ++i) {
      token.erase(0, content_.size());
    }
    for (std::uint64_t i = 0; i < stop_ && (!is_fused_ || place.is_last) && token.ends_with(content_); ++i) {
      token.resize(token.size() - content_.size());
    }
  }

 private:
  std::string content_;
  std::uint64_t start_, stop_;
  bool is_fused_;
};

class Replace final : public Decoder {
 public:
  explicit Replace(Replacement replacement) : replacement_(std::move(replacement)) {}
  void apply(std::string& token, const TokenPlace& /*place*/) const override {
    // Patterns need valid UTF-8, which a lone byte is not; one that gives up leaves the token as it is.
    if (is_valid_utf8(token)) static_cast<void>(replacement_.apply(token));
  }

 private:
  Replacement replacement_;
};

class Sequence final : public Decoder {
 public:
  explicit Sequence(std::vector<std::unique_ptr<Decoder>> stages) : stages_(std::move(stages)) {}
  void apply(std::string& token, const TokenPlace& place) const override {
    for (const auto& stage : stages_) stage->apply(token, place);
  }

 private:
  std::vector<std::unique_ptr<Decoder>> stages_;
};

// is_fused: a stage before has made one text of all tokens.
Made read_stage(const JsonNode& node, bool& is_fused);

Made read_sequence(const JsonNode& node, bool& is_fused) {
  SIXFOLD_TRY(const JsonNode list, node.get("decoders"));
  SIXFOLD_TRY(const boost::json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many stages");
  std::vector<std::unique_ptr<Decoder>> stages;
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(auto stage, read_stage(list.element(i), is_fused));
    stages.push_back(std::move(stage));
  }
  return Made(std::make_unique<Sequence>(std::move(stages)));
}

Made read_metaspace(const JsonNode& node) {
  SIXFOLD_TRY(const std::string_view mark, node.string_or("replacement", kSpaceMark));
  if (mark.empty()) return node.error("replacement: want a character");
  SIXFOLD_TRY(const PrependScheme scheme, read_prepend_scheme(node));
  return Made(std::make_unique<Metaspace>(std::string(mark), scheme != PrependScheme::kNever));
}

Made read_strip(const JsonNode& node, bool is_fused) {
  SIXFOLD_TRY(const std::string_view content, node.string_or("content", " "));
  SIXFOLD_TRY(const std::uint64_t start, node.count_or("start", 0));
  SIXFOLD_TRY(const std::uint64_t stop, node.count_or("stop", 0));
  if (content.empty()) return node.error("content: want a character");
  return Made(std::make_unique<Strip>(std::string(content), start, stop, is_fused));
}

Made read_stage(const JsonNode& node, bool& is_fused) {
  SIXFOLD_TRY(const std::string_view type, node.type());
  if (type == "Sequence") return read_sequence(node, is_fused);
  if (type == "ByteLevel") return Made(std::make_unique<ByteLevel>());
  if (type == "ByteFallback") return Made(std::make_unique<ByteFallback>());
  if (type == "Metaspace") return read_metaspace(node);
  if (type == "Strip") return read_strip(node, is_fused);
  if (type == "Fuse") {
    is_fused = true;
    return Made(std::make_unique<Sequence>(std::vector<std::unique_ptr<Decoder>>()));
  }
  if (type == "WordPiece") {
    SIXFOLD_TRY(const std::string_view prefix, node.string_or("prefix", "##"));
    SIXFOLD_TRY(const bool cleans_up, node.flag_or("cleanup", true));
    return Made(std::make_unique<WordPiece>(std::string(prefix), cleans_up));
  }
  if (type == "BPEDecoder") {
    SIXFOLD_TRY(const std::string_view suffix, node.string_or("suffix", "</w>"));
    return Made(std::make_unique<Suffix>(std::string(suffix)));
  }
  if (type == "Replace") {
    SIXFOLD_TRY(Replacement replacement, Replacement::read(node));
    return Made(std::make_unique<Replace>(std::move(replacement)));
  }
  return invalid_argument(
      "tokenizer.json: decoder: want one of Sequence, ByteLevel, ByteFallback, Metaspace, Strip, Fuse, WordPiece, "
      "BPEDecoder, Replace, got \"{}\"",
      type);
}

}  // namespace

Result<std::unique_ptr<Decoder>> read_decoder(const JsonNode& node) {
  bool is_fused = false;
  return read_stage(node, is_fused);
}

std::unique_ptr<Decoder> default_decoder() {
  return std::make_unique<Spaced>();
}

}  // namespace sixfold::tokenizer::hf
