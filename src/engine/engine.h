// One model, one thread, many requests: continuous batching over paged keys and values.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "engine/request.h"
#include "engine/token_stream.h"
#include "model/model.h"
#include "telemetry/metrics.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::engine {

class AdapterShelf;  // engine/adapter_shelf.h

struct EngineOptions {
  std::size_t context = 0;          // tokens a sequence may have; 0 = the model's, at most 8192
  std::size_t sequences_max = 16;   // running at once (choices count); at most the model's rows_max
  std::size_t kv_tokens = 0;        // room in the cache for all sequences together; 0 = context * min(4, sequences_max)
  std::size_t prefill_chunk = 512;  // prompt tokens mixed into one step at most while others decode
  std::size_t step_target_ms = 120;  // and as many fewer as such a step needs to end in this time; 0 = always that many
  std::size_t queue_max = 256;       // waiting requests; at most limits::kMailboxMax
  kernels::KvDType kv_dtype = kernels::KvDType::kI16;
  std::size_t adapter_bytes_max = std::size_t{4} << 30;  // of all adapters in memory
  bool has_prefix_cache = true;
  bool has_speculation = true;    // guess repeated text and compute guesses where that pays; never changes the text
  bool is_model_tested = false;   // the caller has run self_test.h's, which start does otherwise
  std::size_t stall_ms = 30'000;  // not ready when work is there and no step ended for so long
};

// A moment's numbers; read without stopping the engine.
struct EngineStatus {
  std::uint64_t requests_waiting = 0;
  std::uint64_t requests_running = 0;
  std::uint64_t pages_used = 0;
  std::uint64_t pages_cached = 0;
  std::uint64_t pages_total = 0;
  std::uint64_t page_tokens = 0;  // in one page
  std::uint64_t steps = 0;
  double idle_seconds = 0;  // since the last step that advanced any sequence while work was there; 0 when idle
  bool is_ready = false;    // the start-up self test decoded a token, and decoding has not stopped advancing
  std::uint64_t prefix_tokens_asked = 0;
  std::uint64_t prefix_tokens_found = 0;
  std::uint64_t preemptions = 0;                   // sequences that gave their pages back and were computed again
  std::uint64_t tokens_drafted = 0;                // guesses that were computed along with known tokens
  std::uint64_t tokens_accepted = 0;               // of those, the ones that were right
  std::vector<std::string> adapters_running = {};  // names of those that running requests use
  std::vector<std::string> adapters_waiting = {};  // and waiting ones
};

// Thread-safe unless said otherwise.
// Text does not depend on load: with the same prompt, options and seed a request gets the same tokens alone, in any
// batch, after preemption, with or without a cached prefix or speculation, because a row's logits depend on its own
// sequence only (model.h) and random numbers on (seed, choice, step) only (random.h).
class Engine {
 public:
  // Allocates the cache, decodes one token as a self test (unless that is done), starts the thread.
  // metrics and clock may be null (none; the system's); both, tokenizer and pool (inside model) must outlive the
  // engine.
  // Errors: invalid_argument (options out of range, naming the field), resource_exhausted (the cache), internal (the
  // self test).
  static Result<std::unique_ptr<Engine>> start(std::unique_ptr<model::Model> model,
                                               std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
                                               const EngineOptions& options, telemetry::Metrics* metrics,
                                               const Clock* clock);
  virtual ~Engine() = default;  // cancels what runs, joins the thread

  // At most queue_max + sequences_max requests are accepted and unfinished at a time.
  // Errors: invalid_argument (empty prompt, token out of range, bad sampling options, prompt longer than the context:
  // the message begins "context length"; or longer than the whole cache), resource_exhausted (queue full),
  // unavailable (stopping).
  virtual Result<std::shared_ptr<TokenStream>> submit(EngineRequest request) = 0;

  virtual EngineStatus status() const = 0;
  virtual const model::ModelDescription& model() const = 0;
  virtual const tokenizer::Tokenizer& tokenizer() const = 0;
  virtual const EngineOptions& options() const = 0;  // with defaults filled in
  // The adapters that requests may use.  Null for an engine that takes none.
  virtual AdapterShelf* adapters() { return nullptr; }

  // Refuses new requests, finishes running and waiting ones, for at most drain_ms; then cancels.  True when nothing was
  // cut.  One caller at a time.
  virtual bool stop(int drain_ms) = 0;
};

}  // namespace sixfold::engine
