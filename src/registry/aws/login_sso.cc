// Keys of a person who logged in with `aws sso login`, whose token lies in ~/.aws/sso/cache.
// Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider"; SSO portal API,
// GetRoleCredentials.
#include "core/digest.h"
#include "core/error.h"
#include "core/text_file.h"
#include "net/url.h"
#include "registry/aws/login.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kTokenFileBytesMax = 1 << 20;
constexpr std::size_t kAnswerBytesMax = 1 << 20;
constexpr std::int64_t kMsPerSecond = 1000;

std::string sha1_hex(std::string_view text) {
  Hasher hasher(HashKind::kSha1);
  hasher.add(text);
  return hasher.finish();
}

Error logged_out(const AwsSetting& setting) {
  const std::string& profile = setting.profiles.chosen();
  return unauthenticated("AWS profile \"{}\": no login that holds; aws sso login --profile {} makes one", profile,
                         profile);
}

Result<std::string> cached_token(const AwsSetting& setting, const std::string& name) {
  const std::string path = fmt::format("{}/.aws/sso/cache/{}.json", setting.environment("HOME"), sha1_hex(name));
  const auto text = read_text_file(path, kTokenFileBytesMax);
  if (!text.is_ok()) return logged_out(setting);
  SIXFOLD_TRY(const json::object file, parse_secret_json(*text, path));
  const auto expires_at = parse_iso_time(text_at(file, "expiresAt"));
  std::string token = text_at(file, "accessToken");
  if (token.empty() || !expires_at || *expires_at <= setting.http.clock->unix_seconds()) return logged_out(setting);
  return token;
}

}  // namespace

FoundLogin login_of_sso(const AwsSetting& setting) {
  const AwsProfiles& profiles = setting.profiles;
  const std::string account = profiles.value("sso_account_id");
  const std::string role = profiles.value("sso_role_name");
  if (account.empty() || role.empty()) return std::optional<AwsLogin>();
  const std::string session = profiles.value("sso_session");
  std::string region = profiles.value("sso_region");
  std::string name = profiles.value("sso_start_url");  // the cache's name where there is no session
  if (!session.empty()) {
    region = profiles.section_value("sso-session", session, "sso_region");
    name = session;
  }
  if (!is_aws_region(region)) return invalid_argument("AWS profile \"{}\": want sso_region", profiles.chosen());
  SIXFOLD_TRY(const std::string token, cached_token(setting, name));
  std::string address = aws_endpoint(setting.environment, profiles, "SSO");
  if (address.empty()) address = fmt::format("https://portal.sso.{}.{}", region, aws_domain(region));
  net::HttpClient client(setting.http);
  SIXFOLD_TRY(const net::TextResponse response,
              client.fetch({.url = fmt::format("{}/federation/credentials?account_id={}&role_name={}", address,
                                               net::percent_encode(account), net::percent_encode(role)),
                            .credentials = {{"x-amz-sso_bearer_token", token}},
                            .redirects = net::Redirects::kReturn},
                           kAnswerBytesMax));
  if (response.head.status == 401) return logged_out(setting);
  if (response.head.status != 200) return with_context(net::status_error(response.head), "AWS single sign-on");
  const std::string where = net::shown_url(response.head.url);
  SIXFOLD_TRY(const json::object answer, parse_secret_json(response.body, where));
  const json::object* found = object_at(answer, "roleCredentials");
  if (found == nullptr) return corrupt_data("{}: want roleCredentials", where);
  AwsLogin login;
  login.keys = {text_at(*found, "accessKeyId"), text_at(*found, "secretAccessKey"), text_at(*found, "sessionToken")};
  const auto expires_at_ms = count_at(*found, "expiration");
  if (login.keys.access_key.empty() || login.keys.secret_key.empty() || !expires_at_ms) {
    return corrupt_data("{}: roleCredentials: want keys and an expiration", where);
  }
  login.expires_at = static_cast<std::int64_t>(*expires_at_ms) / kMsPerSecond;
  return std::optional<AwsLogin>(std::move(login));
}

}  // namespace sixfold::registry
