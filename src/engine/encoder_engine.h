// One encoder, one thread, many requests: texts of all waiting requests are computed together.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "model/encoder.h"
#include "telemetry/metrics.h"

namespace sixfold::engine {

using tokenizer::TokenId;

struct EncoderEngineOptions {
  std::size_t queue_max = 256;    // requests that are accepted and not answered; at most limits::kMailboxMax
  std::size_t stall_ms = 30'000;  // not ready when work is there and no step ended for so long
};

// As model::EncoderText, with tokens of its own.
struct EncoderInput {
  std::vector<TokenId> tokens;
  std::size_t second_begin = model::EncoderText::kNoSecond;
};

using EncoderOutputs = std::vector<std::vector<float>>;  // one per text, as model::Encoder::encode writes it

struct EncoderRequest {
  std::vector<EncoderInput> texts = {};
  model::EncoderOutput output = model::EncoderOutput::kMean;
  // Nobody wants the answer any more: what is not yet computed is left out, and `done` gets an error.
  std::stop_token stop = {};
  // Called once, on the engine's thread or, for an empty request, by submit; must not wait.
  std::function<void(Result<EncoderOutputs>)> done = {};
};

struct EncoderStatus {
  std::uint64_t requests_open = 0;  // accepted and not answered
  std::uint64_t steps = 0;
  double idle_seconds = 0;  // since the last step ended while work was there; 0 when idle
  bool is_ready = false;
};

// Thread-safe.  A text's output does not depend on the load (encoder.h).  Requests take turns text by text, so that a
// long list of texts does not hold up a short one.
class EncoderEngine {
 public:
  // Encodes one token as a self test, starts the thread.  metrics and clock may be null; both, and the encoder's pool,
  // must outlive the engine.  Errors: invalid_argument (options), internal (the self test).
  static Result<std::unique_ptr<EncoderEngine>> start(std::unique_ptr<model::Encoder> encoder,
                                                      const EncoderEngineOptions& options, telemetry::Metrics* metrics,
                                                      const Clock* clock);
  virtual ~EncoderEngine() = default;  // ends what runs with an error, joins the thread

  // Errors, of which `done` hears nothing: invalid_argument (a text without tokens; a token out of range; an output
  // that the encoder has not; a text longer than the model takes: the message begins "context length"),
  // resource_exhausted (queue full), unavailable (stopping).
  virtual Status submit(EncoderRequest request) = 0;

  virtual EncoderStatus status() const = 0;
  virtual const model::EncoderDescription& description() const = 0;

  // Refuses new requests and finishes the others, for at most drain_ms; then ends them.  True when nothing was cut.
  virtual bool stop(int drain_ms) = 0;
};

}  // namespace sixfold::engine
