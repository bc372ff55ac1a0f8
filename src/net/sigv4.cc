// Canonical request, string to sign, derived key.
#include "net/sigv4.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "net/ascii.h"
#include "net/url.h"

namespace sixfold::net {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Proxies and libraries add or change these.
bool is_signed(std::string_view name) {
  constexpr std::array<std::string_view, 9> kLeftOut = {"authorization",     "connection", "expect",
                                                        "keep-alive",        "te",         "trailer",
                                                        "transfer-encoding", "upgrade",    "user-agent"};
  return std::find(kLeftOut.begin(), kLeftOut.end(), name) == kLeftOut.end() && !name.starts_with("proxy-");
}

// Ends trimmed, inner blanks made one.
std::string folded(std::string_view value) {
  std::string out;
  for (const char letter : value) {
    const bool is_blank = letter == ' ' || letter == '\t';
    if (!is_blank) out += letter;
    if (is_blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Sorted by name; values of one name joined in their order.
Pairs canonical_headers(const ClientRequest& request, const Url& url) {
  Pairs headers = {{"host", url.authority()}};
  for (const std::vector<Header>* list : {&request.headers, &request.credentials}) {
    for (const Header& header : *list) {
      std::string name = ascii_lowered(header.name);
      if (is_signed(name)) headers.emplace_back(std::move(name), folded(header.value));
    }
  }
  std::stable_sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Pairs joined;
  for (auto& [name, value] : headers) {
    if (!joined.empty() && joined.back().first == name) {
      joined.back().second += "," + value;
    } else {
      joined.emplace_back(std::move(name), std::move(value));
    }
  }
  return joined;
}

std::string canonical_query(std::string_view query) {
  Pairs pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) {
      pairs.emplace_back(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

std::string derived_signature(const std::string& secret_key, const SigningScope& scope, const std::string& date,
                              const std::string& text) {
  const std::string first = "AWS4" + secret_key;
  Sha256Bytes key = hmac_sha256({reinterpret_cast<const unsigned char*>(first.data()), first.size()}, date);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, "aws4_request");
  return to_hex(hmac_sha256(key, text));
}

}  // namespace

Status sign_v4(ClientRequest& request, const AwsCredentials& credentials, const SigningScope& scope,
               std::string_view payload_hash, std::int64_t unix_seconds) {
  SIXFOLD_TRY(const Url url, parse_url(request.url));
  const bool is_s3 = scope.service == "s3";
  const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
  const std::string date = time.substr(0, time.find('T'));
  request.credentials.push_back({"X-Amz-Date", time});
  if (is_s3) request.credentials.push_back({"X-Amz-Content-Sha256", std::string(payload_hash)});
  if (!credentials.session_token.empty()) {
    request.credentials.push_back({"X-Amz-Security-Token", credentials.session_token});
  }

  std::string header_lines;
  std::string names;
  for (const auto& [name, value] : canonical_headers(request, url)) {
    header_lines += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  // S3 takes the path as it is; every other service encodes the encoded path once more.
  const std::string path = is_s3 ? url.path : percent_encode(url.path, Slash::kKept);
  const std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, canonical_query(url.query),
                                            header_lines, names, payload_hash);
  const std::string place = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, place, sha256_hex(canonical));
  request.credentials.push_back(
      {"Authorization",
       fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, credentials.access_key, place,
                   names, derived_signature(credentials.secret_key, scope, date, text))});
  return ok();
}

}  // namespace sixfold::net
