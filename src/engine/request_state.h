// One accepted request: its stream, its times, its counts.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "engine/request.h"
#include "engine/token_stream.h"
#include "telemetry/metrics.h"

namespace sixfold::engine {

// Made by the submitting thread, then owned by the engine thread.  The only writer of the request's stream, and the
// only place that tells the metrics about requests and tokens.
class RequestState {
 public:
  // metrics may be null; it and clock must outlive the request.
  RequestState(EngineRequest request, std::uint64_t seed, std::shared_ptr<TokenStream> stream,
               telemetry::Metrics* metrics, const Clock& clock);

  const EngineRequest& request() const { return request_; }
  std::uint64_t seed() const { return seed_; }
  TokenStream& stream() { return *stream_; }
  // True once, after the last event.
  bool take_end();

  // The prompt is about to be computed for the first time, but for cached_tokens of it.
  void left_queue(std::size_t cached_tokens);
  bool has_left_queue() const { return admitted_.has_value(); }

  // Counts the event and passes it on; ends the stream with the last choice's last event.
  void deliver(TokenEvent event);

  // Ends every choice that has not finished.  error: with kError.
  void finish_all(FinishReason reason, const std::optional<Error>& error);

 private:
  struct Choice {
    bool is_finished = false;
    std::optional<TimePoint> last_token;
  };
  void count_token(Choice& choice, TimePoint now);
  void complete(FinishReason reason, TimePoint now);

  // Constant after construction.
  const EngineRequest request_;
  const std::uint64_t seed_;
  const std::shared_ptr<TokenStream> stream_;
  telemetry::Metrics* const metrics_;
  const Clock& clock_;
  const TimePoint submitted_;

  // Owned by the engine thread.
  std::vector<Choice> choices_;
  std::size_t choices_left_ = 0;
  bool is_end_taken_ = false;
  std::optional<TimePoint> admitted_;
  std::optional<TimePoint> first_token_;
  RequestUsage usage_;
};

}  // namespace sixfold::engine
