// What a tokenizer is made of, as model files store it.
#pragma once
#include <cstddef>
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

// Which fields a kind of file fills:
//   model "gpt2", "llama", "bert", "t5"   tokens and what belongs to them, as GGUF's tokenizer.ggml keys
//   huggingface_json                      the text of tokenizer.json; tokens, kinds and merges come from it
//   sentencepiece_model                   the bytes of tokenizer.model; tokens, kinds and scores come from it
// A file that has several of them is read by the first of this list.  The special ids, flags and the chat template hold
// for all of them.
struct Vocabulary {
  // GGUF's tokenizer.ggml.model: "gpt2" (byte-level BPE), "llama" (SentencePiece BPE), "bert" (WordPiece), "t5"
  // (SentencePiece Unigram).
  std::string model;
  std::string pretokenizer;      // GGUF's tokenizer.ggml.pre: "gpt-2", "llama-bpe", "qwen2", ...
  StringArray tokens;            // index = id
  std::vector<float> scores;     // "llama" and "t5" only
  std::vector<TokenKind> kinds;  // same length as tokens, or empty = all normal
  StringArray merges;            // "gpt2" only: "left right", best first
  std::string charsmap;          // "llama" and "t5": SentencePiece's precompiled_charsmap; empty: text stays as it is

  std::string huggingface_json;
  std::string sentencepiece_model;
  std::size_t tokens_min = 0;  // rows of the embedding: a shorter list of tokens is filled up with empty, unused ones

  std::optional<TokenId> bos, eos, unknown, eot, padding, classifier, separator;
  std::vector<TokenId> end_tokens;  // further tokens that end a generation, as in generation_config.json
  // For filling in the middle of a text: what stands before its beginning, its end and the middle; names of
  // repositories and of files.
  std::optional<TokenId> fim_prefix, fim_suffix, fim_middle, fim_repository, fim_file;
  // Special tokens that a file names by text, as tokenizer_config.json does; each counts where the id is absent.
  std::string bos_text, eos_text, unknown_text, padding_text;

  // Types of texts that an encoder tells apart in a pair, if that is known: 2 as BERT, 1 as RoBERTa, which marks the
  // border by a second end token.  With huggingface_json, the post-processor says it.
  std::optional<std::size_t> token_types;

  // Nothing: what the model kind does by default; with huggingface_json, what its post-processor does.
  std::optional<bool> adds_bos, adds_eos;
  std::optional<bool> adds_space_prefix;     // "llama" and "t5"
  std::optional<bool> removes_extra_spaces;  // "llama" and "t5"
  std::optional<bool> lowers_case;           // "bert"; nothing: true
  std::optional<bool> strips_accents;        // "bert"; nothing: as lowers_case
  std::string chat_template;                 // Jinja; empty when the file has none
};

}  // namespace sixfold::tokenizer
