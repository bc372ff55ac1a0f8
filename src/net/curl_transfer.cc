// Drives one libcurl transfer and turns its callbacks and codes into a head, sink calls and errors.
#include "net/curl_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "net/ascii.h"

namespace sixfold::net {
namespace {

constexpr int kPollMs = 100;  // how late a cancellation may be noticed

void initialise_curl_once() {
  static const CURLcode kResult = curl_global_init(CURL_GLOBAL_DEFAULT);
  SIXFOLD_CHECK(kResult == CURLE_OK);
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return std::string(text);
}

// What libcurl's callbacks see.
struct Exchange {
  const ClientRequest& request;
  BodySink& sink;
  ResponseHead head;
  std::size_t head_bytes = 0;
  std::uint64_t sent = 0;
  bool is_begun = false;    // sink.begin was called
  bool has_enough = false;  // of an error body: the rest is not read
  std::optional<Error> failure = {};
  TimePoint last_byte = system_clock().now();

  bool is_success() const { return head.status >= 200 && head.status < 300; }

  bool keep(Status status) {
    last_byte = system_clock().now();
    if (!status.is_ok()) failure = std::move(status).error();
    return !failure;
  }

  bool begin() {
    if (std::exchange(is_begun, true)) return true;
    return keep(sink.begin(head));
  }

  bool take_head_line(std::string_view line) {
    last_byte = system_clock().now();
    head_bytes += line.size();
    if (head_bytes > limits::kClientHeadBytesMax) {
      failure = resource_exhausted("{}: want a head of at most {} bytes", shown_url(request.url),
                                   limits::kClientHeadBytesMax);
      return false;
    }
    if (line.starts_with("HTTP/")) {  // of an interim answer, or the final one
      head.headers.clear();
      head.status = 0;
      const std::size_t space = line.find(' ');
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), head.status);
      }
      return true;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      head.headers.push_back({std::string(line.substr(0, colon)), trimmed(line.substr(colon + 1))});
    }
    return true;
  }

  bool take_body(std::span<const std::byte> bytes) {
    last_byte = system_clock().now();
    if (is_success()) return begin() && keep(sink.take(bytes));
    const std::size_t room = limits::kClientErrorBodyBytesMax - head.error_body.size();
    head.error_body.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
    has_enough = bytes.size() > room;
    return !has_enough;
  }

  std::size_t give(std::span<std::byte> into) {
    last_byte = system_clock().now();
    std::size_t count = 0;
    if (request.reader) {
      auto given = request.reader->read(sent, into);
      if (!given.is_ok()) {
        failure = std::move(given).error();
        return CURL_READFUNC_ABORT;
      }
      count = *given;
    } else {
      const std::string_view rest = std::string_view(request.body).substr(static_cast<std::size_t>(sent));
      count = std::min(rest.size(), into.size());
      std::memcpy(into.data(), rest.data(), count);
    }
    sent += count;
    return count;
  }
};

std::size_t on_head(char* bytes, std::size_t, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_head_line({bytes, count}) ? count : CURL_WRITEFUNC_ERROR;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* exchange) {
  const std::span<const std::byte> span(reinterpret_cast<const std::byte*>(bytes), count);
  return static_cast<Exchange*>(exchange)->take_body(span) ? count : CURL_WRITEFUNC_ERROR;
}

std::size_t on_read(char* into, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->give({reinterpret_cast<std::byte*>(into), size * count});
}

int on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  static_cast<Exchange*>(exchange)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

struct HeaderList {
  curl_slist* first = nullptr;
  ~HeaderList() { curl_slist_free_all(first); }
  void add(const std::string& line) { first = curl_slist_append(first, line.c_str()); }
};

Error error_of(CURLcode code, const std::string& what, const char* detail) {
  const std::string reason = *detail != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return deadline_exceeded("{}: {}", what, reason);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return permission_denied("{}: the server's certificate is not trusted: {}", what, reason);
    case CURLE_OUT_OF_MEMORY:
      return resource_exhausted("{}: {}", what, reason);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return invalid_argument("{}: {}", what, reason);
    default:
      return unavailable("{}: {}", what, reason);
  }
}

// https://curl.se/libcurl/c/: names of options as there.
void set_up(CURL* easy, const HttpClientOptions& options, const std::string& url, Exchange& exchange, char* detail) {
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  if (!options.uses_proxy) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (!options.verifies_certificates) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const char* environment_ca = std::getenv("SSL_CERT_FILE");  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  } else if (environment_ca != nullptr && *environment_ca != '\0') {
    curl_easy_setopt(easy, CURLOPT_CAINFO, environment_ca);
  }
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);

  const ClientRequest& request = exchange.request;
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method != "DELETE") {
      const std::uint64_t bytes = request.reader ? request.reader->bytes : request.body.size();
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(bytes));
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
      curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
      curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
      curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
    }
  }
}

}  // namespace

struct CurlTransfer::Handles {
  CURLM* multi = curl_multi_init();  // keeps the connections
  CURL* easy = curl_easy_init();
  ~Handles() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  // Nothing while it runs.
  std::optional<CURLcode> result() const {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return std::nullopt;
  }
};

CurlTransfer::CurlTransfer(const HttpClientOptions& options) : options_(options) {
  initialise_curl_once();
  handles_ = std::make_unique<Handles>();
  SIXFOLD_CHECK(handles_->multi != nullptr && handles_->easy != nullptr);
}

CurlTransfer::~CurlTransfer() = default;

Result<ResponseHead> CurlTransfer::perform(const ClientRequest& request, const Url& url,
                                           std::span<const Header> headers, BodySink& sink) {
  const std::string what = fmt::format("{} {}", request.method, shown_url(url.text()));
  const std::string url_text = url.text();
  Exchange exchange{.request = request, .sink = sink, .head = {}};
  exchange.head.url = url_text;
  std::array<char, CURL_ERROR_SIZE> detail{};
  CURL* easy = handles_->easy;
  curl_easy_reset(easy);
  set_up(easy, options_, url_text, exchange, detail.data());
  HeaderList list;
  for (const Header& header : headers) {
    list.add(header.value.empty() ? header.name + ";" : fmt::format("{}: {}", header.name, header.value));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list.first);

  curl_multi_add_handle(handles_->multi, easy);
  std::optional<CURLcode> result;
  std::optional<Error> stopped;
  while (!result && !stopped) {
    int running = 0;
    curl_multi_perform(handles_->multi, &running);
    result = handles_->result();
    if (result) break;
    if (options_.is_cancelled && options_.is_cancelled()) {
      stopped = unavailable("{}: stopped", what);
    } else if (system_clock().now() - exchange.last_byte > std::chrono::milliseconds(options_.stall_timeout_ms)) {
      stopped = deadline_exceeded("{}: no byte for {} ms", what, options_.stall_timeout_ms);
    } else {
      curl_multi_poll(handles_->multi, nullptr, 0, kPollMs, nullptr);
    }
  }
  curl_multi_remove_handle(handles_->multi, easy);

  if (exchange.failure) return *std::move(exchange.failure);
  if (stopped) return *std::move(stopped);
  if (*result != CURLE_OK && !exchange.has_enough) return error_of(*result, what, detail.data());
  if (exchange.is_success() && !exchange.begin()) return *std::move(exchange.failure);
  return std::move(exchange.head);
}

}  // namespace sixfold::net
