// Sets of tokens as a bit for each.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "tokenizer/vocabulary.h"

namespace sixfold::engine {

// bits: [(vocabulary + 63) / 64].  token: of that vocabulary.
inline bool has_token(std::span<const std::uint64_t> bits, tokenizer::TokenId token) {
  const auto index = static_cast<std::size_t>(token);
  return (bits[index / 64] >> (index % 64) & 1) != 0;
}
inline void add_token(std::span<std::uint64_t> bits, tokenizer::TokenId token) {
  const auto index = static_cast<std::size_t>(token);
  bits[index / 64] |= std::uint64_t{1} << (index % 64);
}

}  // namespace sixfold::engine
