// When a request is worth another attempt, and how long to wait before it.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_client_types.h"

namespace sixfold::net {

struct RetryPolicy {
  int attempts_max = 5;
  Nanoseconds first = std::chrono::milliseconds(500);  // doubled with each attempt
  Nanoseconds longest = std::chrono::seconds(20);
  Nanoseconds asked_max = std::chrono::minutes(5);  // a server that asks for more is not waited for
};

// Waits; an error ends the attempts (the user pressed Ctrl-C).  Tests turn a clock instead.
using Pause = std::function<Status(Nanoseconds)>;

// 408, 429, 500, 502, 503, 504.
bool is_transient_status(int status);

// A broken or silent connection: unavailable or deadline_exceeded.
bool is_transient(const Error& error);

// What the server asks for: Retry-After in seconds or as a date, else the "t" of a RateLimit header whose "r" is 0
// (draft-ietf-httpapi-ratelimit-headers).  Nothing when it does not say.
std::optional<Nanoseconds> asked_delay(const ResponseHead& head, std::int64_t unix_seconds);

// Counts the attempts at one thing.  One thread.
class Backoff {
 public:
  // seed: of the random part of the waits, so that clients that failed together do not come back together.
  Backoff(RetryPolicy policy, Pause pause, std::uint64_t seed);

  // Waits for the next attempt: as long as the server asked, else between half and all of a time that doubles.
  // Returns `why` when the attempts are used up or the server asks for too long.
  Status wait(const Error& why, std::optional<Nanoseconds> asked = std::nullopt);

  // Something was received: count from the beginning.
  void reset() { attempts_ = 1; }

 private:
  const RetryPolicy policy_;
  const Pause pause_;
  std::uint64_t random_;
  int attempts_ = 1;  // made so far
};

}  // namespace sixfold::net
