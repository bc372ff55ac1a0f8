// Exponential backoff with a random half, and the headers that ask for a delay.
#include "net/retry.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "net/http_date.h"

namespace sixfold::net {
namespace {

std::optional<std::int64_t> seconds_in(std::string_view text) {
  constexpr std::int64_t kSecondsMax = 1'000'000'000;
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || seconds < 0 || seconds > kSecondsMax || end == text.data()) return std::nullopt;
  return seconds;
}

// "api";r=0;t=55
std::optional<std::int64_t> parameter(std::string_view header, std::string_view name) {
  const std::size_t at = header.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  return seconds_in(header.substr(at + name.size()));
}

}  // namespace

bool is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool is_transient(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded;
}

std::optional<Nanoseconds> asked_delay(const ResponseHead& head, std::int64_t unix_seconds) {
  const std::string after(head.header("Retry-After"));
  if (!after.empty()) {
    if (after.find_first_not_of("0123456789") == std::string::npos) {
      const auto seconds = seconds_in(after);
      return seconds ? std::optional<Nanoseconds>(std::chrono::seconds(*seconds)) : std::nullopt;
    }
    const auto date = parse_http_date(after);
    if (!date) return std::nullopt;
    return std::chrono::seconds(std::max<std::int64_t>(0, *date - unix_seconds));
  }
  const std::string_view limit = head.header("RateLimit");
  if (parameter(limit, "r=") != 0) return std::nullopt;
  const auto seconds = parameter(limit, "t=");
  return seconds ? std::optional<Nanoseconds>(std::chrono::seconds(*seconds)) : std::nullopt;
}

Backoff::Backoff(RetryPolicy policy, Pause pause, std::uint64_t seed)
    : policy_(policy), pause_(std::move(pause)), random_(seed | 1) {}

Status Backoff::wait(const Error& why, std::optional<Nanoseconds> asked) {
  if (attempts_ >= policy_.attempts_max) {
    return Error{why.code, fmt::format("{} (after {} attempts)", why.message, attempts_)};
  }
  if (asked && *asked > policy_.asked_max) {
    return resource_exhausted("{}; the server asks to wait {} s", why.message,
                              std::chrono::duration_cast<std::chrono::seconds>(*asked).count());
  }
  Nanoseconds delay = policy_.first;
  for (int i = 1; i < attempts_ && delay < policy_.longest; ++i) delay *= 2;
  delay = std::min(delay, policy_.longest);
  // xorshift64, Marsaglia, 2003.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const auto half = static_cast<std::uint64_t>(delay.count()) / 2 + 1;
  delay = delay / 2 + Nanoseconds(static_cast<std::int64_t>(random_ % half));
  ++attempts_;
  return pause_(asked ? std::max(*asked, Nanoseconds(0)) : delay);
}

}  // namespace sixfold::net
