// Addresses on Boost.URL.
#include "net/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <charconv>

#include "core/error.h"
#include "net/ascii.h"

namespace sixfold::net {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

std::uint16_t own_port(std::string_view scheme) {
  return scheme == "https" ? kHttpsPort : kHttpPort;
}

template <class View>
std::string copy_of(View view) {
  return std::string(view.data(), view.size());
}

Result<Url> take_apart(const boost::urls::url_view_base& view, std::string_view text) {
  Url url;
  url.scheme = ascii_lowered(copy_of(view.scheme()));
  if (url.scheme != "http" && url.scheme != "https") {
    return invalid_argument("address \"{}\": want http: or https:", shown_url(text));
  }
  url.host = ascii_lowered(copy_of(view.encoded_host()));
  if (url.host.empty()) return invalid_argument("address \"{}\": want a host", shown_url(text));
  url.port = own_port(url.scheme);
  if (const std::string port = copy_of(view.port()); !port.empty()) {
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (failure != std::errc() || url.port == 0) {
      return invalid_argument("address \"{}\": want a port between 1 and 65535", shown_url(text));
    }
  }
  url.path = copy_of(view.encoded_path());
  if (url.path.empty()) url.path.push_back('/');
  url.query = copy_of(view.encoded_query());
  url.user = view.user();
  url.password = view.password();
  return url;
}

Error broken(std::string_view text) {
  return invalid_argument("address \"{}\": not a URL", shown_url(text));
}

boost::urls::string_view as_boost(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string Url::authority() const {
  return port == own_port(scheme) ? host : fmt::format("{}:{}", host, port);
}

std::string Url::text() const {
  return fmt::format("{}://{}{}{}{}", scheme, authority(), path, query.empty() ? "" : "?", query);
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(as_boost(text));
  if (parsed.has_error()) return broken(text);
  return take_apart(*parsed, text);
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  const std::string base_text = base.text();
  const auto base_view = boost::urls::parse_uri(as_boost(base_text));
  const auto reference_view = boost::urls::parse_uri_reference(as_boost(reference));
  if (base_view.has_error() || reference_view.has_error()) return broken(reference);
  boost::urls::url target;
  if (boost::urls::resolve(*base_view, *reference_view, target).has_error()) return broken(reference);
  return take_apart(target, reference);
}

bool have_same_origin(const Url& left, const Url& right) {
  return left.scheme == right.scheme && left.host == right.host && left.port == right.port;
}

std::string shown_url(std::string_view text) {
  std::string shown(text.substr(0, text.find_first_of("?#")));
  const std::size_t scheme_end = shown.find("//");
  const std::size_t begin = scheme_end == std::string::npos ? 0 : scheme_end + 2;
  const std::size_t path = shown.find('/', begin);
  const std::size_t at = shown.rfind('@', path == std::string::npos ? std::string::npos : path);
  if (scheme_end != std::string::npos && at != std::string::npos && at >= begin) shown.erase(begin, at + 1 - begin);
  for (char& letter : shown) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = '?';
  }
  return shown;
}

std::string percent_encode(std::string_view text, Slash slash) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char letter : text) {
    const bool is_alphanumeric =
        (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    const bool is_kept = is_alphanumeric || letter == '-' || letter == '.' || letter == '_' || letter == '~' ||
                         (letter == '/' && slash == Slash::kKept);
    if (is_kept) {
      encoded += letter;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

}  // namespace sixfold::net
