// Decodes request targets with Boost.URL.
#include "net/request_target.h"

#include <boost/url/encoding_opts.hpp>
#include <boost/url/pct_string_view.hpp>
#include <optional>

#include "core/error.h"
#include "core/utf8.h"
#include "net/ascii.h"

namespace sixfold::net {
namespace {

enum class Plus { kLiteral, kIsSpace };

std::optional<std::string> decode(std::string_view encoded, Plus plus) {
  const auto view = boost::urls::make_pct_string_view({encoded.data(), encoded.size()});
  if (view.has_error()) return std::nullopt;
  boost::urls::encoding_opts options;
  options.space_as_plus = plus == Plus::kIsSpace;
  std::string decoded = view->decode(options);
  if (decoded.find('\0') != std::string::npos || !is_valid_utf8(decoded)) return std::nullopt;
  return decoded;
}

}  // namespace

Result<RequestTarget> parse_request_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t authority_end = target.find_first_of("/?#");
    target = authority_end == std::string_view::npos ? std::string_view("/") : target.substr(authority_end);
    if (target.front() == '?') return invalid_argument("request target: want a path before the query");
  }
  RequestTarget parsed;
  if (target == "*") {
    parsed.path = "*";
    return parsed;
  }
  if (target.empty() || target.front() != '/')
    return invalid_argument("request target: want a path that begins with /");
  if (target.find('#') != std::string_view::npos) return invalid_argument("request target: a fragment is not allowed");

  const std::size_t question = target.find('?');
  std::optional<std::string> path = decode(target.substr(0, question), Plus::kLiteral);
  if (!path) return invalid_argument("request target: the path has a broken percent code, a NUL or is not UTF-8");
  parsed.path = std::move(*path);

  std::string_view rest = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::optional<std::string> name = decode(pair.substr(0, equals), Plus::kIsSpace);
    std::optional<std::string> value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), Plus::kIsSpace);
    if (!name || !value) {
      return invalid_argument("request target: the query has a broken percent code, a NUL or is not UTF-8");
    }
    parsed.query.emplace_back(std::move(*name), std::move(*value));
  }
  return parsed;
}

}  // namespace sixfold::net
