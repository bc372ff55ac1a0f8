// What "0 = default" means for a given model.
#include "engine/options.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::engine {
namespace {

constexpr std::size_t kDefaultContextMax = 8192;    // tokens
constexpr std::uint64_t kKvTokensMax = 1ull << 36;  // page numbers have 32 bits, and no machine has more

}  // namespace

Result<EngineOptions> resolve(EngineOptions options, const model::Model& model) {
  const std::size_t context_max = model.description().context_max;
  if (options.context == 0) {
    options.context = context_max == 0 ? kDefaultContextMax : std::min(context_max, kDefaultContextMax);
  }
  if (options.context < 2 || options.context > limits::kContextMax) {
    return invalid_argument("context: {} tokens, want 2 to {}", options.context, limits::kContextMax);
  }
  if (context_max != 0 && options.context > context_max) {
    return invalid_argument("context: {} tokens, the model was made for {}", options.context, context_max);
  }
  if (options.sequences_max < 1) return invalid_argument("sequences_max: 0, want at least 1");
  options.sequences_max = std::min(options.sequences_max, model.rows_max());
  if (options.prefill_chunk < 1) return invalid_argument("prefill_chunk: 0 tokens, want at least 1");
  if (options.queue_max < 1 || options.queue_max > limits::kMailboxMax) {
    return invalid_argument("queue_max: {} requests, want 1 to {}", options.queue_max, limits::kMailboxMax);
  }
  if (options.kv_tokens == 0) options.kv_tokens = options.context * std::min<std::size_t>(4, options.sequences_max);
  if (options.kv_tokens < 2 || options.kv_tokens > kKvTokensMax) {
    return invalid_argument("kv_tokens: {}, want 2 to {}", options.kv_tokens, kKvTokensMax);
  }
  return options;
}

}  // namespace sixfold::engine
