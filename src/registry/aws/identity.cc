// The order of the places, and the clock.  Source of the order: AWS SDKs and Tools Reference Guide, "Standardized
// credential providers", and botocore's, which differ in nothing but names.
#include "registry/aws/identity.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sixfold::registry {
namespace {

constexpr std::array kPlaces = {login_of_environment, login_of_role,    login_of_web_identity, login_of_sso,
                                login_of_profile,     login_of_process, login_of_container,    login_of_instance};
constexpr std::int64_t kRenewBeforeS = 15 * 60;
constexpr std::int64_t kRetryS = 60;  // after a renewal that failed

}  // namespace

AwsIdentity::AwsIdentity(AwsSetting setting)
    : setting_(std::move(setting)), is_anonymous_(is_switched_on(setting_.environment, "SIXFOLD_S3_ANONYMOUS")) {}

bool AwsIdentity::is_fresh(std::int64_t now) const {
  return login_ && (!login_->expires_at || now < renew_at_);
}

Result<std::optional<net::AwsCredentials>> AwsIdentity::keys() {
  if (is_anonymous_) return std::optional<net::AwsCredentials>();
  const std::int64_t now = setting_.http.clock->unix_seconds();
  if (is_fresh(now)) return std::optional(login_->keys);
  auto found = find();
  if (!found.is_ok()) {
    const bool still_holds = login_ && (login_->may_outlive || now < login_->expires_at.value_or(now + 1));
    if (!still_holds) return std::move(found).error();
    renew_at_ = now + kRetryS;
    return std::optional(login_->keys);
  }
  login_ = *std::move(found);
  is_anonymous_ = !login_;
  if (!login_) return std::optional<net::AwsCredentials>();
  if (login_->expires_at) {
    const std::int64_t left_s = std::max<std::int64_t>(0, *login_->expires_at - now);
    renew_at_ = *login_->expires_at - std::min(kRenewBeforeS, left_s / 4);
  }
  return std::optional(login_->keys);
}

bool AwsIdentity::renew() {
  if (!login_ || !login_->expires_at) return false;
  login_.reset();
  return true;
}

FoundLogin AwsIdentity::find() const {
  for (const auto place : kPlaces) {
    SIXFOLD_TRY(auto login, place(setting_));
    if (login) return login;
  }
  return std::optional<AwsLogin>();
}

std::string AwsIdentity::without_secrets(std::string text) const {
  if (!login_) return text;
  const net::AwsCredentials& keys = login_->keys;
  return wiped(std::move(text), {keys.secret_key, keys.session_token, keys.access_key});
}

}  // namespace sixfold::registry
