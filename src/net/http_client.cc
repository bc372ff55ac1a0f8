// Redirects that leave credentials behind, whole answers, and attempts.
#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <random>
#include <thread>
#include <utility>

#include "core/base64.h"
#include "core/error.h"
#include "net/ascii.h"
#include "net/curl_transfer.h"

namespace sixfold::net {
namespace {

constexpr std::chrono::milliseconds kPauseStep{100};

// A line break in a token from a file would otherwise become a header of its own.  The value is not shown.
Status check_headers(const ClientRequest& request) {
  for (const std::vector<Header>* list : {&request.headers, &request.credentials}) {
    for (const Header& header : *list) {
      const auto is_control = [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F; };
      if (header.name.empty() || std::any_of(header.name.begin(), header.name.end(), is_control) ||
          std::any_of(header.value.begin(), header.value.end(), is_control)) {
        return invalid_argument("{}: header {}: want no control characters", shown_url(request.url), header.name);
      }
    }
  }
  return ok();
}

bool is_redirect(const ResponseHead& head) {
  constexpr std::array<int, 5> kStatuses = {301, 302, 303, 307, 308};
  return std::find(kStatuses.begin(), kStatuses.end(), head.status) != kStatuses.end() &&
         !head.header("Location").empty();
}

bool has_authorization(const ClientRequest& request) {
  return std::any_of(request.credentials.begin(), request.credentials.end(),
                     [](const Header& header) { return equals_ignoring_case(header.name, "Authorization"); });
}

class TextSink final : public BodySink {
 public:
  TextSink(std::size_t bytes_max, std::string what) : bytes_max_(bytes_max), what_(std::move(what)) {}

  Status begin(const ResponseHead& head) override {
    const auto bytes = head.content_length();
    return bytes && *bytes > bytes_max_ ? Status(too_long()) : ok();
  }
  Status take(std::span<const std::byte> bytes) override {
    if (bytes.size() > bytes_max_ - text.size()) return too_long();
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return ok();
  }

  std::string text;

 private:
  Error too_long() const { return resource_exhausted("{}: want an answer of at most {} bytes", what_, bytes_max_); }

  const std::size_t bytes_max_;
  const std::string what_;
};

// POST may have had its effect when the answer was lost; a refusal tells that it had not.
bool may_repeat(const ClientRequest& request, const Result<ResponseHead>& outcome) {
  if (request.method != "POST") return true;
  return outcome.is_ok() && (outcome->status == 429 || outcome->status == 503);
}

}  // namespace

std::string_view ResponseHead::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::optional<std::uint64_t> ResponseHead::content_length() const {
  const std::string_view text = header("Content-Length");
  std::uint64_t bytes = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return bytes;
}

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)), transfer_(std::make_unique<CurlTransfer>(options_)) {}

HttpClient::~HttpClient() = default;

bool HttpClient::is_cancelled() const {
  return options_.is_cancelled && options_.is_cancelled();
}

Backoff HttpClient::backoff() const {
  Pause pause = options_.pause;
  if (!pause) {
    pause = [is_cancelled = options_.is_cancelled](Nanoseconds delay) -> Status {
      const auto end = std::chrono::steady_clock::now() + delay;
      for (;;) {
        if (is_cancelled && is_cancelled()) return unavailable("stopped");
        const auto now = std::chrono::steady_clock::now();
        if (now >= end) return ok();
        std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kPauseStep, end - now));
      }
    };
  }
  return Backoff(options_.retry, std::move(pause), std::random_device{}());
}

Result<ResponseHead> HttpClient::send(const ClientRequest& request, BodySink& sink) {
  SIXFOLD_TRY_STATUS(check_headers(request));
  SIXFOLD_TRY(const Url origin, parse_url(request.url));
  Url at = origin;
  bool is_trusted = true;  // no longer once it has been elsewhere
  const bool follows = request.redirects != Redirects::kReturn && (request.method == "GET" || request.method == "HEAD");
  for (int redirects = 0; redirects <= limits::kClientRedirectsMax; ++redirects) {
    is_trusted = is_trusted && have_same_origin(at, origin);
    std::vector<Header> headers = request.headers;
    if (is_trusted) {
      headers.insert(headers.end(), request.credentials.begin(), request.credentials.end());
      if (!origin.user.empty() && !has_authorization(request)) {
        headers.push_back({"Authorization", "Basic " + base64(origin.user + ":" + origin.password)});
      }
    }
    SIXFOLD_TRY(ResponseHead head, transfer_->perform(request, at, headers, sink));
    if (!follows || !is_redirect(head)) return head;
    SIXFOLD_TRY(Url next, resolve_url(at, head.header("Location")));
    if (request.redirects == Redirects::kFollowSameOrigin && !have_same_origin(next, origin)) return head;
    if (at.scheme == "https" && next.scheme == "http") {
      return permission_denied("{} {}: a redirect from https to {} is not followed", request.method,
                               shown_url(at.text()), shown_url(next.text()));
    }
    at = std::move(next);
  }
  return resource_exhausted("{} {}: want at most {} redirects", request.method, shown_url(request.url),
                            limits::kClientRedirectsMax);
}

Result<TextResponse> HttpClient::fetch(const ClientRequest& request, std::size_t bytes_max) {
  Backoff attempts = backoff();
  for (;;) {
    // An answer to HEAD tells the length of a body that does not come.
    const std::size_t room = request.method == "HEAD" ? std::numeric_limits<std::size_t>::max() : bytes_max;
    TextSink sink(room, fmt::format("{} {}", request.method, shown_url(request.url)));
    auto head = send(request, sink);
    if (head.is_ok() && !is_transient_status(head->status)) {
      return TextResponse{std::move(*head), std::move(sink.text)};
    }
    const Error why = head.is_ok() ? status_error(*head, request.method) : head.error();
    if ((!head.is_ok() && !is_transient(why)) || !may_repeat(request, head) || is_cancelled()) return why;
    const auto asked = head.is_ok() ? asked_delay(*head, options_.clock->unix_seconds()) : std::nullopt;
    SIXFOLD_TRY_STATUS(attempts.wait(why, asked));
  }
}

Error status_error(const ResponseHead& head, std::string_view method) {
  const auto code = [&] {
    switch (head.status) {
      case 401:
        return ErrorCode::kUnauthenticated;
      case 403:
        return ErrorCode::kPermissionDenied;
      case 404:
      case 410:
        return ErrorCode::kNotFound;
      case 408:
        return ErrorCode::kDeadlineExceeded;
      case 409:
        return ErrorCode::kAlreadyExists;
      case 429:
        return ErrorCode::kResourceExhausted;
      default:
        return head.status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument;
    }
  }();
  return {code, fmt::format("{} {}: {} {}", method, shown_url(head.url), head.status, status_text(head.status))};
}

}  // namespace sixfold::net
