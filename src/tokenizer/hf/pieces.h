// A text on its way from normalizer to model, cut into pieces.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/pattern.h"

namespace sixfold::tokenizer::hf {

// What becomes of the stretches at which a text is cut.  Source: github.com/huggingface/tokenizers,
// tokenizers/src/tokenizer/normalizer.rs, SplitDelimiterBehavior.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

// "Removed" or "removed", and so on.
Result<SplitBehavior> read_behavior(const JsonNode& node, std::string_view name, SplitBehavior fallback);

// One thread.
class Pieces {
 public:
  struct Piece {
    TextRange range;
    bool starts_text = false;  // nothing of the whole input stands before it
  };

  Pieces(std::string text, bool starts_text);

  std::size_t size() const { return pieces_.size(); }
  std::size_t bytes() const { return text_.size(); }
  std::string_view operator[](std::size_t index) const { return text_of(pieces_[index]); }

  // Cuts every piece.  find(piece, from): the next stretch at or behind `from` to cut at; empty ones cut between two
  // characters.  inverts: what lies between the stretches is what is cut at.
  using Find = std::function<Result<std::optional<TextRange>>(std::string_view piece, std::size_t from)>;
  Status split(const Find& find, SplitBehavior behavior, bool inverts = false);

  // The same at each character that is_cut says yes to.
  void split_at(const std::function<bool(char32_t)>& is_cut, SplitBehavior behavior);

  // Gives each piece another text: write(piece, starts_text, result) appends it to the result.
  void rewrite(const std::function<void(std::string_view, bool, std::string&)>& write);

 private:
  struct Stretch {
    TextRange range;
    bool is_match = false;
  };

  std::string_view text_of(const Piece& piece) const {
    return std::string_view(text_).substr(piece.range.begin, piece.range.end - piece.range.begin);
  }
  static void merge(std::vector<Stretch>& stretches, SplitBehavior behavior);

  std::string text_;
  std::vector<Piece> pieces_;  // not empty, in order
};

}  // namespace sixfold::tokenizer::hf
