// The numbers that every transformer's config.json has, under one of two sets of names.
#pragma once
#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

struct ShapeFields {
  std::string_view layers = "num_hidden_layers";
  std::string_view width = "hidden_size";
  std::string_view feed_forward = "intermediate_size";
  std::string_view heads = "num_attention_heads";
  std::string_view context = "max_position_embeddings";
  std::uint64_t feed_forward_factor = 0;  // of the width, where the field is left out; 0 = it must be there
};

// GPT-2's own, which others have taken over.
inline constexpr ShapeFields kGpt2Fields = {
    .layers = "n_layer", .width = "n_embd", .feed_forward = "n_inner", .heads = "n_head", .context = "n_positions"};

struct Shape {
  std::uint64_t width = 0;  // elements of a token's state
  std::uint64_t heads = 0;
  std::uint64_t context = 0;  // positions
};

// Adds "block_count", "vocab_size", "embedding_length", "feed_forward_length" and "attention.head_count" to facts, and
// sets its layers and vocabulary.  What the context becomes is the caller's business.  Errors: corrupt_data.
Result<Shape> read_shape(const ConfigReader& config, const ShapeFields& fields, ModelFacts& facts);

}  // namespace sixfold::formats::huggingface
