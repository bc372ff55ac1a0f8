// Keys that the machine gives to what runs on it: a container's endpoint, or an instance's metadata service.
// Source: AWS SDKs and Tools Reference Guide, "Container credential provider" and "IMDS credential provider".
#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/error.h"
#include "core/text_file.h"
#include "net/ascii.h"
#include "net/url.h"
#include "registry/aws/login.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kAnswerBytesMax = 1 << 20;
constexpr std::size_t kTokenBytesMax = 64 << 10;
constexpr int kContainerTimeoutMs = 2000;
constexpr int kContainerAttempts = 3;

net::HttpClientOptions quick(const AwsSetting& setting, int timeout_ms, int attempts) {
  net::HttpClientOptions http = setting.http;
  http.uses_proxy = false;  // these addresses mean something on this machine only
  http.connect_timeout_ms = timeout_ms;
  http.stall_timeout_ms = timeout_ms;
  http.retry.attempts_max = attempts;
  return http;
}

// Whoever can change the environment must not be able to send the token to any server.
bool may_see_token(const net::Url& url) {
  constexpr std::string_view kHosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  const bool is_loopback =
      url.host.starts_with("127.") && url.host.find_first_not_of("0123456789.") == std::string::npos;
  return url.scheme == "https" || is_loopback ||
         std::find(std::begin(kHosts), std::end(kHosts), url.host) != std::end(kHosts);
}

Result<std::string> container_token(const AwsSetting& setting) {
  const std::string file = setting.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) return setting.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  SIXFOLD_TRY(std::string token, read_text_file(file, kTokenBytesMax));
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) token.pop_back();
  return token;  // a line break within is refused by the client
}

int number_or(const std::string& text, int fallback) {
  constexpr int kNumberMax = 60;
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = failure == std::errc() && end == text.data() + text.size() && number >= 1;
  return is_number ? std::min(number, kNumberMax) : fallback;
}

std::string instance_address(const AwsSetting& setting) {
  std::string address = setting.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (address.empty()) address = setting.profiles.value("ec2_metadata_service_endpoint");
  std::string mode = setting.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  if (mode.empty()) mode = setting.profiles.value("ec2_metadata_service_endpoint_mode");
  if (address.empty()) {
    address = net::equals_ignoring_case(mode, "IPv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (address.ends_with('/')) address.pop_back();
  return address;
}

// The token of version 2; "" where the service has only version 1.
Result<std::string> instance_token(const AwsSetting& setting, net::HttpClient& client, const std::string& address) {
  const auto response = client.fetch({.method = "PUT",
                                      .url = address + "/latest/api/token",
                                      .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                                      .redirects = net::Redirects::kReturn},
                                     kTokenBytesMax);
  if (response.is_ok() && response->head.status == 200) return response->body;
  const bool is_refused = response.is_ok() && response->head.status == 400;
  const Error why = response.is_ok() ? net::status_error(response->head, "PUT") : response.error();
  if (is_refused || is_switched_on(setting.environment, "AWS_EC2_METADATA_V1_DISABLED") || client.is_cancelled()) {
    return why;
  }
  return std::string();
}

}  // namespace

FoundLogin login_of_container(const AwsSetting& setting) {
  const std::string relative = setting.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string address = setting.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative.empty()) address = "http://169.254.170.2" + relative;
  if (address.empty()) return std::optional<AwsLogin>();
  SIXFOLD_TRY(const net::Url url, net::parse_url(address));
  if (!may_see_token(url)) {
    return permission_denied("AWS_CONTAINER_CREDENTIALS_FULL_URI: want https or an address of this machine, got {}",
                             net::shown_url(address));
  }
  net::ClientRequest request{.url = address, .redirects = net::Redirects::kReturn};
  SIXFOLD_TRY(const std::string token, container_token(setting));
  if (!token.empty()) request.credentials.push_back({"Authorization", token});
  net::HttpClient client(quick(setting, kContainerTimeoutMs, kContainerAttempts));
  SIXFOLD_TRY(const net::TextResponse response, client.fetch(request, kAnswerBytesMax));
  if (response.head.status != 200) return with_context(net::status_error(response.head), "AWS container credentials");
  const std::string where = net::shown_url(address);
  SIXFOLD_TRY(const json::object answer, parse_secret_json(response.body, where));
  SIXFOLD_TRY(AwsLogin login, login_of_json(answer, "Token", where));
  return std::optional<AwsLogin>(std::move(login));
}

FoundLogin login_of_instance(const AwsSetting& setting) {
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  if (is_switched_on(setting.environment, "AWS_EC2_METADATA_DISABLED")) return std::optional<AwsLogin>();
  const int timeout_ms = 1000 * number_or(setting.environment("AWS_METADATA_SERVICE_TIMEOUT"), 1);
  net::HttpClient client(
      quick(setting, timeout_ms, number_or(setting.environment("AWS_METADATA_SERVICE_NUM_ATTEMPTS"), 1)));
  const std::string address = instance_address(setting);
  SIXFOLD_TRY(const std::string token, instance_token(setting, client, address));
  const auto get = [&](const std::string& path) {
    net::ClientRequest request{.url = address + path, .redirects = net::Redirects::kReturn};
    if (!token.empty()) request.credentials.push_back({"X-aws-ec2-metadata-token", token});
    return client.fetch(request, kAnswerBytesMax);
  };
  const auto roles = get(std::string(kRoles));
  // No answer at all: this is no such machine.  No role: nobody gave it one.
  if (!roles.is_ok() && client.is_cancelled()) return roles.error();
  if (!roles.is_ok() || roles->head.status != 200) return std::optional<AwsLogin>();
  const std::string role = roles->body.substr(0, roles->body.find_first_of("\r\n"));
  if (role.empty()) return std::optional<AwsLogin>();
  SIXFOLD_TRY(const net::TextResponse response, get(std::string(kRoles) + net::percent_encode(role)));
  const std::string where = "AWS instance metadata, role " + net::percent_encode(role);
  if (response.head.status != 200) return with_context(net::status_error(response.head), where);
  SIXFOLD_TRY(const json::object answer, parse_secret_json(response.body, where));
  if (text_at(answer, "Code") != "Success") return unavailable("{}: Code: want Success", where);
  SIXFOLD_TRY(AwsLogin login, login_of_json(answer, "Token", where));
  login.may_outlive = true;
  return std::optional<AwsLogin>(std::move(login));
}

}  // namespace sixfold::registry
