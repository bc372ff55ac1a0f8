// Replacing one text by another, which both normalizers and decoders do.
#pragma once
#include <optional>
#include <string>

#include "core/result.h"
#include "tokenizer/hf/json_node.h"
#include "tokenizer/pattern.h"

namespace sixfold::tokenizer::hf {

// What {"String": "..."} or {"Regex": "..."} means.  Immutable, thread-safe.
class TextPattern {
 public:
  static Result<TextPattern> read(const JsonNode& node);

  // The first match at or behind `from`.  An empty match counts for expressions, never for texts.
  Result<std::optional<TextRange>> find(std::string_view text, std::size_t from, MatchScratch& scratch) const;

 private:
  std::string text_;
  std::optional<Pattern> pattern_;  // nothing: text_ as it stands
};

// {"type": "Replace", "pattern": ..., "content": "..."}.  Immutable, thread-safe.
class Replacement {
 public:
  static Result<Replacement> read(const JsonNode& node);

  // Errors: internal (the pattern gave up), resource_exhausted (the text grew too large).
  Status apply(std::string& text) const;

 private:
  TextPattern pattern_;
  std::string content_;
};

}  // namespace sixfold::tokenizer::hf
