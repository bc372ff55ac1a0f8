// Writes response heads and request ids.
#include "net/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <random>

#include "core/clock.h"
#include "net/ascii.h"

namespace sixfold::net {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, section 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char letter) {
    const char lower = ascii_lower(letter);
    return (lower >= 'a' && lower <= 'z') || (letter >= '0' && letter <= '9') ||
           kMarks.find(letter) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return letter == '\t' || (static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f);
  });
}

bool is_servers_own(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOwn = {"content-length", "transfer-encoding", "connection", "date",
                                                    "server",         "x-request-id"};
  return std::any_of(kOwn.begin(), kOwn.end(), [&](std::string_view own) { return equals_ignoring_case(name, own); });
}

// The date of now.  Made once a second: a server may write a hundred thousand heads in one.
std::string_view current_date() {
  thread_local std::int64_t made_for = -1;
  thread_local std::string date;
  const std::int64_t now = system_clock().unix_seconds();
  if (now != made_for) {
    date = http_date(now);
    made_for = now;
  }
  return date;
}

void append_hex(std::string& out, std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[number >> shift & 15];
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

std::string make_response_head(const HttpResponse& response, const ResponseFraming& framing, std::string_view server,
                               std::string_view request_id) {
  std::string out;
  out.reserve(256);
  out += "HTTP/1.1 ";
  out += fmt::format_int(response.status).c_str();
  out += ' ';
  out += status_text(response.status);
  out += "\r\n";
  append_field(out, "Date", current_date());
  if (!server.empty()) append_field(out, "Server", server);
  append_field(out, "X-Request-Id", request_id);
  if (!response.content_type.empty() && is_field_value(response.content_type)) {
    append_field(out, "Content-Type", response.content_type);
  }
  for (const Header& header : response.headers) {
    if (is_servers_own(header.name) || !is_token(header.name) || !is_field_value(header.value)) continue;
    append_field(out, header.name, header.value);
  }
  const bool can_have_body = response.status >= 200 && response.status != 204 && response.status != 304;
  if (framing.content_length && can_have_body) {
    append_field(out, "Content-Length", fmt::format_int(*framing.content_length).c_str());
  }
  if (framing.is_chunked) append_field(out, "Transfer-Encoding", "chunked");
  if (framing.is_closing) {
    append_field(out, "Connection", "close");
  } else if (framing.is_http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  return out;
}

std::string http_date(std::int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  if (::gmtime_r(&seconds, &utc) == nullptr) return {};
  // Not strftime: its names follow the locale.
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
}

bool is_sane_request_id(std::string_view id) {
  constexpr std::size_t kRequestIdBytesMax = 128;
  return !id.empty() && id.size() <= kRequestIdBytesMax && std::all_of(id.begin(), id.end(), [](char letter) {
    const char lower = ascii_lower(letter);
    return (lower >= 'a' && lower <= 'z') || (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' ||
           letter == '-';
  });
}

std::string make_request_id() {
  // Ids are for finding log lines, not secrets: a seeded generator per thread is enough and costs no system call.
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  std::string id;
  id.reserve(32);
  append_hex(id, generator());
  append_hex(id, generator());
  return id;
}

}  // namespace sixfold::net
