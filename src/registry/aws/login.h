// Who we are at AWS: keys, how long they hold, and where they are looked for.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "registry/aws/config_file.h"
#include "registry/environment.h"

namespace sixfold::registry {

struct AwsLogin {
  net::AwsCredentials keys;
  std::optional<std::int64_t> expires_at = {};  // seconds since 1970
  bool may_outlive = false;                     // used on when they have run out and no new ones can be had
};

// What a place to look in may ask.
struct AwsSetting {
  Environment environment;
  AwsProfiles profiles;
  net::HttpClientOptions http;
};

// Nothing when this place is not set up; an error when it is and does not work.  Messages carry no secrets.
using FoundLogin = Result<std::optional<AwsLogin>>;

// In files of their own; sources in each.
FoundLogin login_of_environment(const AwsSetting& setting);
FoundLogin login_of_role(const AwsSetting& setting);          // role_arn of the profile
FoundLogin login_of_web_identity(const AwsSetting& setting);  // a token in a file, as Kubernetes gives it
FoundLogin login_of_sso(const AwsSetting& setting);           // after `aws sso login`
FoundLogin login_of_profile(const AwsSetting& setting);       // keys in the shared files
FoundLogin login_of_process(const AwsSetting& setting);       // credential_process of the profile
FoundLogin login_of_container(const AwsSetting& setting);     // ECS, EKS Pod Identity, SageMaker
FoundLogin login_of_instance(const AwsSetting& setting);      // EC2 instance metadata

// Keys written down in one profile; nothing when it has none.  Errors: invalid_argument for half a pair.
FoundLogin keys_of_profile(const AwsProfiles& profiles, const std::string& profile);
// What credential_process of one profile prints.
FoundLogin process_of_profile(const AwsSetting& setting, const std::string& profile);

// As parse_json_object, of a text with secrets: the message shows nothing of it.
Result<json::object> parse_secret_json(std::string_view text, std::string_view where);

// {"AccessKeyId", "SecretAccessKey", TOKEN_NAME, "Expiration"}.  Errors: corrupt_data that names `where`.
Result<AwsLogin> login_of_json(const json::object& object, std::string_view token_name, std::string_view where);

// "2026-03-14T15:09:26Z", with or without a fraction, also "+00:00".  Nothing for anything else.
std::optional<std::int64_t> parse_iso_time(const std::string& text);

// `text` with all `secrets` replaced: a server may repeat what it was sent.
std::string wiped(std::string text, std::initializer_list<std::string_view> secrets);

// Where requests go: AWS_REGION, AWS_DEFAULT_REGION, the profile's; "" when none says.
std::string aws_region(const Environment& environment, const AwsProfiles& profiles);

// An address that replaces the service's own; service: "S3", "STS", "SSO".  "" when none is set.
// AWS_ENDPOINT_URL_<service>, AWS_ENDPOINT_URL, then the same of the profile.
// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
std::string aws_endpoint(const Environment& environment, const AwsProfiles& profiles, const std::string& service);

// True for letters, digits and hyphens: what may become part of a host's name.
bool is_aws_region(std::string_view region);
// "amazonaws.com", in China "amazonaws.com.cn".
std::string_view aws_domain(std::string_view region);

}  // namespace sixfold::registry
