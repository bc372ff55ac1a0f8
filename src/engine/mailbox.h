// The bounded way into the engine thread: new requests, and the bell that wakes it.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/clock.h"
#include "core/thread_annotations.h"
#include "engine/request_state.h"

namespace sixfold::engine {

// Thread-safe.  Bounded by the requests that were accepted and have not finished: waiting, running and paused ones.
// Cancelling needs no room here: it is a flag in the stream, and wake().
class Mailbox {
 public:
  enum class Pushed { kAccepted, kFull, kClosed };
  struct Taken {
    std::vector<std::shared_ptr<RequestState>> requests;
    bool is_last = false;  // end() was called: nothing comes after these
  };

  Mailbox(std::size_t in_flight_max, const Clock& clock) : in_flight_max_(in_flight_max), clock_(clock) {}

  // Any thread.
  Pushed push(std::shared_ptr<RequestState> request);
  void wake();   // there may be something to do again: a cancelled request, a stream with room
  void close();  // refuse everything from now on
  void end();    // close(), and the engine thread is to cancel what it has and end
  std::size_t untaken() const;

  // Seconds since the engine thread was last seen moving: 0 when there is nothing to do, or every reader
  // is behind.
  double seconds_without_progress() const;

  // Waits until every accepted request has finished, for at most timeout_ms.  False on timeout.
  bool wait_until_all_finished(int timeout_ms);

  // Engine thread.  take() never waits; sleep() returns when something came since the last take().
  Taken take();
  void sleep();
  void progressed();                 // a step was made
  void finished(std::size_t count);  // so many accepted requests have ended

 private:
  void ring() SIXFOLD_REQUIRES(mutex_);

  const std::size_t in_flight_max_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable rung_;
  std::condition_variable emptied_;
  std::vector<std::shared_ptr<RequestState>> requests_ SIXFOLD_GUARDED_BY(mutex_);
  std::size_t in_flight_ SIXFOLD_GUARDED_BY(mutex_) = 0;
  bool is_closed_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_ended_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_rung_ SIXFOLD_GUARDED_BY(mutex_) = false;
  bool is_asleep_ SIXFOLD_GUARDED_BY(mutex_) = false;
  TimePoint last_progress_ SIXFOLD_GUARDED_BY(mutex_){};
};

}  // namespace sixfold::engine
