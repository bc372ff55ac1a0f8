// What a registry answers when it wants to know who asks: the WWW-Authenticate header.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sixfold::registry {

struct AuthChallenge {
  std::string scheme;                             // "bearer", "basic"; lower case
  std::map<std::string, std::string> parameters;  // "realm", "service", "scope"; names in lower case

  std::string parameter(const std::string& name) const;  // "" when absent
};

// Nothing for text that is no challenge.  Commas within quotes belong to the value.  Source: RFC 9110, section 11.6.1.
std::optional<AuthChallenge> parse_auth_challenge(std::string_view text);

}  // namespace sixfold::registry
