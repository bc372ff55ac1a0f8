// Keys of a role from the security token service: with a token of web identity, or with other keys.
// Source: AWS STS API Reference, AssumeRole and AssumeRoleWithWebIdentity.
#include <cctype>
#include <set>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/text_file.h"
#include "net/url.h"
#include "registry/aws/login.h"
#include "registry/aws/xml.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kTokenBytesMax = 64 << 10;
constexpr std::size_t kAnswerBytesMax = 1 << 20;
constexpr std::string_view kDefaultSession = "sixfold";

using Form = std::vector<std::pair<std::string_view, std::string>>;

Result<AwsLogin> login_of_answer(const net::TextResponse& response, const std::string& action) {
  const std::string where = fmt::format("{} {}", action, net::shown_url(response.head.url));
  if (response.head.status != 200) {
    const AwsError error = parse_aws_error(response.head.error_body);
    const Error status = net::status_error(response.head, "POST");
    const std::string detail = error.code.empty() ? "" : fmt::format(": {}: {}", error.code, error.message);
    return Error{response.head.status == 400 ? ErrorCode::kUnauthenticated : status.code,
                 fmt::format("{}: {}{}", action, status.message, detail)};
  }
  SIXFOLD_TRY(const pugi::xml_document document, parse_xml(response.body, where));
  const pugi::xml_node found =
      document.document_element().first_element_by_path((action + "Result/Credentials").c_str());
  AwsLogin login;
  login.keys = {text_of(found, "AccessKeyId"), text_of(found, "SecretAccessKey"), text_of(found, "SessionToken")};
  login.expires_at = parse_iso_time(text_of(found, "Expiration"));
  if (login.keys.access_key.empty() || login.keys.secret_key.empty() || !login.expires_at) {
    return corrupt_data("{}: Credentials: want keys and an Expiration", where);
  }
  return login;
}

// signer: none for a token of web identity, which proves itself.
Result<AwsLogin> ask(const AwsSetting& setting, const std::string& action, const Form& form,
                     const net::AwsCredentials* signer) {
  std::string region = aws_region(setting.environment, setting.profiles);
  if (region.empty()) region = "us-east-1";
  if (!is_aws_region(region)) return invalid_argument("AWS region \"{}\": want letters, digits and hyphens", region);
  std::string address = aws_endpoint(setting.environment, setting.profiles, "STS");
  if (address.empty()) address = fmt::format("https://sts.{}.{}", region, aws_domain(region));
  net::ClientRequest request{
      .method = "POST",
      .url = address + "/",
      .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, {"Accept", "application/xml"}},
      .redirects = net::Redirects::kReturn};
  request.body = "Action=" + action + "&Version=2011-06-15";
  for (const auto& [name, value] : form) {
    if (!value.empty()) request.body += fmt::format("&{}={}", name, net::percent_encode(value));
  }
  if (signer != nullptr) {
    SIXFOLD_TRY_STATUS(
        net::sign_v4(request, *signer, {region, "sts"}, sha256_hex(request.body), setting.http.clock->unix_seconds()));
  }
  net::HttpClient client(setting.http);
  SIXFOLD_TRY(const net::TextResponse response, client.fetch(request, kAnswerBytesMax));
  auto login = login_of_answer(response, action);
  if (login.is_ok()) return login;
  std::string message = login.error().message;
  for (const auto& [name, value] : form) {
    if (name == "WebIdentityToken") message = wiped(std::move(message), {value});
  }
  if (signer != nullptr) message = wiped(std::move(message), {signer->secret_key, signer->session_token});
  return Error{login.error().code, std::move(message)};
}

struct WebIdentity {
  std::string token_file, role, session;
};

Result<AwsLogin> assume_with_token(const AwsSetting& setting, const WebIdentity& identity) {
  if (identity.role.empty()) return invalid_argument("AWS web identity: want AWS_ROLE_ARN beside the token's file");
  SIXFOLD_TRY(std::string token, read_text_file(identity.token_file, kTokenBytesMax));
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back())) != 0) token.pop_back();
  const Form form = {{"RoleArn", identity.role},
                     {"RoleSessionName", identity.session.empty() ? std::string(kDefaultSession) : identity.session},
                     {"WebIdentityToken", token},
                     {"DurationSeconds", "3600"}};
  return ask(setting, "AssumeRoleWithWebIdentity", form, nullptr);
}

FoundLogin login_of_named_source(const AwsSetting& setting, const std::string& source) {
  if (source == "Environment") return login_of_environment(setting);
  if (source == "Ec2InstanceMetadata") return login_of_instance(setting);
  if (source == "EcsContainer") return login_of_container(setting);
  return invalid_argument("credential_source: want Environment, Ec2InstanceMetadata or EcsContainer, got \"{}\"",
                          source);
}

// visited: profiles on the way here, so that two that name each other end.
FoundLogin assume(const AwsSetting& setting, const std::string& profile, std::set<std::string>& visited) {
  const auto value = [&](const char* key) { return setting.profiles.value(profile, key); };
  const bool is_again = !visited.insert(profile).second;
  if (is_again || value("role_arn").empty()) {
    SIXFOLD_TRY(auto keys, keys_of_profile(setting.profiles, profile));
    if (keys) return keys;
    if (is_again) return invalid_argument("AWS profile \"{}\": source_profile leads back to itself", profile);
    return process_of_profile(setting, profile);
  }
  if (!value("mfa_serial").empty()) {
    return invalid_argument("AWS profile \"{}\": mfa_serial: nobody can be asked for a code here", profile);
  }
  if (const std::string file = value("web_identity_token_file"); !file.empty()) {
    SIXFOLD_TRY(AwsLogin login, assume_with_token(setting, {file, value("role_arn"), value("role_session_name")}));
    return std::optional<AwsLogin>(std::move(login));
  }
  const std::string source = value("source_profile");
  if (!source.empty() && !setting.profiles.has(source)) {
    return not_found("AWS profile \"{}\": source_profile: no profile \"{}\"", profile, source);
  }
  SIXFOLD_TRY(const auto base, source.empty() ? login_of_named_source(setting, value("credential_source"))
                                              : assume(setting, source, visited));
  if (!base) return unauthenticated("AWS profile \"{}\": no keys to assume {} with", profile, value("role_arn"));
  const std::string session = value("role_session_name");
  SIXFOLD_TRY(AwsLogin login,
              ask(setting, "AssumeRole",
                  {{"RoleArn", value("role_arn")},
                   {"RoleSessionName", session.empty() ? std::string(kDefaultSession) : session},
                   {"DurationSeconds", value("duration_seconds").empty() ? "3600" : value("duration_seconds")},
                   {"ExternalId", value("external_id")}},
                  &base->keys));
  return std::optional<AwsLogin>(std::move(login));
}

}  // namespace

FoundLogin login_of_role(const AwsSetting& setting) {
  if (setting.profiles.value("role_arn").empty()) return std::optional<AwsLogin>();
  std::set<std::string> visited;
  return assume(setting, setting.profiles.chosen(), visited);
}

FoundLogin login_of_web_identity(const AwsSetting& setting) {
  const WebIdentity identity = {setting.environment("AWS_WEB_IDENTITY_TOKEN_FILE"), setting.environment("AWS_ROLE_ARN"),
                                setting.environment("AWS_ROLE_SESSION_NAME")};
  if (identity.token_file.empty()) return std::optional<AwsLogin>();
  SIXFOLD_TRY(AwsLogin login, assume_with_token(setting, identity));
  return std::optional<AwsLogin>(std::move(login));
}

}  // namespace sixfold::registry
