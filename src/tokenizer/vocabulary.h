// What a tokenizer is made of, as model files store it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/string_array.h"

namespace sixfold::tokenizer {

using TokenId = std::int32_t;

// Values as in GGUF's tokenizer.ggml.token_type.
enum class TokenKind : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

struct Vocabulary {
  std::string model;             // GGUF's tokenizer.ggml.model: "gpt2" (byte-level BPE), "llama" (SentencePiece BPE)
  std::string pretokenizer;      // GGUF's tokenizer.ggml.pre: "gpt-2", "llama-bpe", "qwen2", ...
  StringArray tokens;            // index = id
  std::vector<float> scores;     // "llama" only
  std::vector<TokenKind> kinds;  // same length as tokens, or empty = all normal
  StringArray merges;            // "gpt2" only: "left right", best first
  std::optional<TokenId> bos, eos, unknown, eot, padding;
  std::optional<bool> adds_bos, adds_eos, adds_space_prefix;  // nothing: the model kind's default
  std::string chat_template;                                  // Jinja; empty when the file has none
};

}  // namespace sixfold::tokenizer
