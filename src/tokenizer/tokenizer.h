// Text to token ids and back.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/infill.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

struct EncodeOptions {
  bool adds_special = true;     // BOS/EOS as the vocabulary asks
  bool parses_special = false;  // "<|im_end|>" in the text becomes the special token; else it is plain text
};

// The tokens around two texts that a model reads as one input: `before` the first text, `between` the two, and `after`
// the second.
struct PairForm {
  std::vector<TokenId> before = {}, between = {}, after = {};
  // The first token of `between` (its size: none) that is of the second type, as the second text and `after` are then;
  // nothing: all are of one type.
  std::optional<std::size_t> second_type_begin = {};
};

// Immutable, thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // text: bytes, UTF-8 expected; invalid bytes become byte tokens or U+FFFD, as the model kind does it.
  // Errors: invalid_argument (longer than limits::kTokenizeBytesMax), internal (a pattern gave up).
  virtual Result<std::vector<TokenId>> encode(std::string_view text, const EncodeOptions& options) const = 0;

  // The bytes that a token adds to the text (leading space included; may be part of a UTF-8 character).  Control tokens
  // are empty unless shows_special.  An id out of range is empty.
  virtual std::string piece(TokenId token, bool shows_special) const = 0;

  // The text of a whole sequence; for SentencePiece kinds the space that encode put in front is taken off again.
  virtual std::string decode(std::span<const TokenId> tokens, bool shows_special) const = 0;

  // How two texts, each encoded without special tokens, make one input.  The default: one behind the other, and nothing
  // tells them apart.  Errors: invalid_argument or corrupt_data when the vocabulary asks for a form that we cannot
  // make.
  virtual Result<PairForm> pair_form() const { return PairForm(); }

  virtual std::size_t size() const = 0;  // tokens; ids are [0, size)
  virtual std::optional<TokenId> bos() const = 0;
  virtual std::optional<TokenId> eos() const = 0;
  virtual bool adds_bos() const = 0;
  virtual bool ends_generation(TokenId token) const = 0;                  // eos, eot, <|im_end|>, <|eot_id|>, ...
  virtual std::optional<TokenId> find(std::string_view token) const = 0;  // exact vocabulary entry
  virtual const std::string& chat_template() const = 0;

  // Nothing for models that cannot fill in the middle of a text.
  virtual std::optional<InfillTokens> infill_tokens() const { return std::nullopt; }
};

// Errors: corrupt_data (names the field), invalid_argument (a model kind or pre-tokenizer that we do not know; lists
// ours).
Result<std::unique_ptr<Tokenizer>> make_tokenizer(Vocabulary vocabulary);

}  // namespace sixfold::tokenizer
