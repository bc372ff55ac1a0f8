// A text cut into chunks, each measured on an empty cache.  Private to model/.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/result.h"
#include "model/evaluate.h"

namespace sixfold::model {

// Calls body(ids, chunks in all) for every chunk, its first token replaced by options.bos; body returns Result<bool>:
// false to stop there.  Errors: invalid_argument (chunk size, a text shorter than a chunk), and those of body.
template <class Body>
Status for_each_chunk(std::span<const TokenId> tokens, const PerplexityOptions& options, const Body& body) {
  if (options.context < 4 || options.context % 2 != 0) {
    return invalid_argument("chunks of {} tokens, want an even number from 4", options.context);
  }
  std::size_t chunks = tokens.size() / options.context;
  if (chunks == 0) {
    return invalid_argument("a text of {} tokens, want at least one chunk of {}", tokens.size(), options.context);
  }
  if (options.chunks_max != 0) chunks = std::min(chunks, options.chunks_max);
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    const auto own = tokens.subspan(chunk * options.context, options.context);
    std::vector<TokenId> ids(own.begin(), own.end());
    if (options.bos) ids.front() = *options.bos;
    SIXFOLD_TRY(const bool goes_on, body(ids, chunks));
    if (!goes_on) break;
  }
  return ok();
}

}  // namespace sixfold::model
