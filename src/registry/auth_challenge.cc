// A scheme and name="value" pairs.
#include "registry/auth_challenge.h"

#include <algorithm>

#include "net/ascii.h"

namespace sixfold::registry {
namespace {

void skip(std::string_view& text, std::string_view letters) {
  text.remove_prefix(std::min(text.find_first_not_of(letters), text.size()));
}

// Nothing when a quote is not closed.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find_first_of(", \t"), text.size());
    std::string value(text.substr(0, end));
    text.remove_prefix(end);
    return value;
  }
  text.remove_prefix(1);
  std::string value;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return value;
}

}  // namespace

std::string AuthChallenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

std::optional<AuthChallenge> parse_auth_challenge(std::string_view text) {
  AuthChallenge challenge;
  const std::size_t end = std::min(text.find(' '), text.size());
  challenge.scheme = net::ascii_lowered(text.substr(0, end));
  if (challenge.scheme.empty()) return std::nullopt;
  text.remove_prefix(end);
  for (skip(text, ", \t"); !text.empty(); skip(text, ", \t")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    std::string name = net::ascii_lowered(text.substr(0, equals));
    if (name.find_first_of(" ,\"") != std::string::npos) return std::nullopt;
    text.remove_prefix(equals + 1);
    auto value = take_value(text);
    if (!value) return std::nullopt;
    challenge.parameters.emplace(std::move(name), *std::move(value));
  }
  return challenge;
}

}  // namespace sixfold::registry
