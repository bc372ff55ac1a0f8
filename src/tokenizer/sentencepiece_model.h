// SentencePiece's own file, tokenizer.model: a protocol buffer.
// Source: github.com/google/sentencepiece, src/sentencepiece_model.proto; the wire format:
// protobuf.dev/programming-guides/encoding.
#pragma once
#include <string_view>

#include "core/result.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// Gives `vocabulary` the file's model kind ("llama" for BPE, "t5" for Unigram), tokens, scores, kinds and rules for
// text; ids of special tokens and flags where it has none yet.
// Errors: corrupt_data (names the field), invalid_argument (a kind of model that we do not know).
Status read_sentencepiece_model(std::string_view bytes, Vocabulary& vocabulary);

}  // namespace sixfold::tokenizer
