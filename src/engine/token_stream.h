// The bounded pipe from the engine thread to whoever reads one request's tokens.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "core/limits.h"
#include "core/thread_annotations.h"
#include "engine/request.h"

namespace sixfold::engine {

// Writer: the engine thread.  Reader: one thread at a time.  Shared by both; dropping the reader's side without reading
// to the end should be preceded by cancel().
class TokenStream {
 public:
  // wake: called from the reader's thread, without locks held, when a paused stream has room again and on cancel.
  explicit TokenStream(std::function<void()> wake = {}) : wake_(std::move(wake)) {}

  // Reader.  next() waits for an event; nothing after the last choice has finished.  try_next() never waits.
  std::optional<TokenEvent> next();
  std::optional<TokenEvent> try_next();

  // True when every choice has finished and every event was read.
  bool is_finished() const;

  // The engine drops the request at its next step: each unfinished choice ends with kCancelled.  Any thread;
  // idempotent.
  void cancel();
  bool is_cancelled() const { return is_cancelled_.load(std::memory_order_relaxed); }

  // Called (from the engine thread, without locks held) when events became available after there were none.  Set once,
  // before or after events exist; called at once, from the caller's thread, if there are some.  It may come once more
  // than there is something to read.  Forgotten after the last event, so it may own the reader.
  void on_ready(std::function<void()> callback);

  // Complete once the last event is there.
  RequestUsage usage() const;

  // Engine side.  push never blocks; the engine asks has_room() before it computes another token for this request, so
  // the queue holds at most kTokenStreamMax plus two events per choice.
  void push(TokenEvent event);
  // The last event of the last choice: event, usage and end become visible together.
  void push_last(TokenEvent event, const RequestUsage& usage);
  // False when full, and from then on until half of the queue was read: a slow reader costs one wake-up per half queue,
  // not one per token.
  bool has_room();

 private:
  std::optional<TokenEvent> take(std::unique_lock<std::mutex> lock);

  const std::function<void()> wake_;
  std::atomic<bool> is_cancelled_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TokenEvent> events_ SIXFOLD_GUARDED_BY(mutex_);
  std::function<void()> on_ready_ SIXFOLD_GUARDED_BY(mutex_);
  RequestUsage usage_ SIXFOLD_GUARDED_BY(mutex_);
  bool is_done_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_paused_ SIXFOLD_GUARDED_BY(mutex_) = false;
};

}  // namespace sixfold::engine
