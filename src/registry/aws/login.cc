// The places that need no network, and what all places share.
#include "registry/aws/login.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "core/error.h"
#include "net/ascii.h"

namespace sixfold::registry {

FoundLogin login_of_environment(const AwsSetting& setting) {
  AwsLogin login;
  login.keys.access_key = setting.environment("AWS_ACCESS_KEY_ID");
  login.keys.secret_key = setting.environment("AWS_SECRET_ACCESS_KEY");
  login.keys.session_token = first_set(setting.environment, {"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"});
  if (login.keys.access_key.empty() && login.keys.secret_key.empty()) return std::optional<AwsLogin>();
  if (login.keys.access_key.empty() || login.keys.secret_key.empty()) {
    return invalid_argument("environment: want AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, only one is set");
  }
  login.expires_at = parse_iso_time(setting.environment("AWS_CREDENTIAL_EXPIRATION"));
  return std::optional<AwsLogin>(std::move(login));
}

FoundLogin login_of_profile(const AwsSetting& setting) {
  return keys_of_profile(setting.profiles, setting.profiles.chosen());
}

FoundLogin keys_of_profile(const AwsProfiles& profiles, const std::string& profile) {
  AwsLogin login;
  login.keys.access_key = profiles.value(profile, "aws_access_key_id");
  login.keys.secret_key = profiles.value(profile, "aws_secret_access_key");
  login.keys.session_token = profiles.value(profile, "aws_session_token");
  if (login.keys.access_key.empty() && login.keys.secret_key.empty()) return std::optional<AwsLogin>();
  if (login.keys.access_key.empty() || login.keys.secret_key.empty()) {
    return invalid_argument("AWS profile \"{}\": want aws_access_key_id and aws_secret_access_key, it has only one",
                            profile);
  }
  return std::optional<AwsLogin>(std::move(login));
}

Result<json::object> parse_secret_json(std::string_view text, std::string_view where) {
  auto object = parse_json_object(text, where);
  if (!object.is_ok()) return corrupt_data("{}: want a JSON object", where);
  return object;
}

Result<AwsLogin> login_of_json(const json::object& object, std::string_view token_name, std::string_view where) {
  AwsLogin login;
  login.keys.access_key = text_at(object, "AccessKeyId");
  login.keys.secret_key = text_at(object, "SecretAccessKey");
  login.keys.session_token = text_at(object, token_name);
  if (login.keys.access_key.empty() || login.keys.secret_key.empty()) {
    return corrupt_data("{}: want AccessKeyId and SecretAccessKey", where);
  }
  const std::string expiration = text_at(object, "Expiration");
  login.expires_at = parse_iso_time(expiration);
  if (!expiration.empty() && !login.expires_at) return corrupt_data("{}: Expiration: want a time", where);
  return login;
}

std::optional<std::int64_t> parse_iso_time(const std::string& text) {
  std::tm time{};
  int used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &time.tm_year, &time.tm_mon, &time.tm_mday, &time.tm_hour,
                  &time.tm_min, &time.tm_sec, &used) != 6) {
    return std::nullopt;
  }
  std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  if (rest != "Z" && rest != "+00:00" && rest != "+0000" && rest != "UTC") return std::nullopt;
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return timegm(&time);
}

std::string wiped(std::string text, std::initializer_list<std::string_view> secrets) {
  for (const std::string_view secret : secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

std::string aws_region(const Environment& environment, const AwsProfiles& profiles) {
  std::string region = first_set(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  return region.empty() ? profiles.value("region") : region;
}

std::string aws_endpoint(const Environment& environment, const AwsProfiles& profiles, const std::string& service) {
  if (is_switched_on(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ||
      net::equals_ignoring_case(profiles.value("ignore_configured_endpoint_urls"), "true")) {
    return {};
  }
  std::string name = net::ascii_lowered(service);
  std::string endpoint = environment("AWS_ENDPOINT_URL_" + service);
  if (endpoint.empty()) endpoint = environment("AWS_ENDPOINT_URL");
  if (endpoint.empty()) {
    endpoint = profiles.section_value("services", profiles.value("services"), name + ".endpoint_url");
  }
  if (endpoint.empty()) endpoint = profiles.value("endpoint_url");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

bool is_aws_region(std::string_view region) {
  constexpr std::size_t kRegionBytesMax = 40;
  return !region.empty() && region.size() <= kRegionBytesMax &&
         std::all_of(region.begin(), region.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
         });
}

std::string_view aws_domain(std::string_view region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

}  // namespace sixfold::registry
