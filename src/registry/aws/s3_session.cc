// Signing, and reading refusals.  Source: Amazon S3 API Reference, "Error responses".
#include "registry/aws/s3_session.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "net/http_date.h"
#include "registry/aws/xml.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kAnswerBytesMax = 8u << 20;  // a page of a listing: 1000 keys of up to 3 kB
constexpr int kChangesMax = 3;                     // region, clock and keys
constexpr std::int64_t kSkewNoticedS = 5 * 60;     // servers allow 15 minutes

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

Result<std::unique_ptr<S3Session>> S3Session::open(const std::string& bucket, const SourceContext& context) {
  SIXFOLD_TRY(AwsProfiles profiles, AwsProfiles::read(context.environment));
  SIXFOLD_TRY(S3Endpoint endpoint, find_s3_endpoint(context.environment, profiles, bucket));
  return std::unique_ptr<S3Session>(
      new S3Session(bucket, std::move(endpoint), {context.environment, std::move(profiles), context.http}));
}

S3Session::S3Session(std::string bucket, S3Endpoint endpoint, AwsSetting setting)
    : bucket_(std::move(bucket)),
      clock_(setting.http.clock),
      endpoint_(std::move(endpoint)),
      identity_(setting),
      client_(setting.http) {}

Result<net::ClientRequest> S3Session::sign(const S3Request& request) {
  SIXFOLD_TRY(const auto keys, identity_.keys());
  net::ClientRequest signed_request{.method = request.method,
                                    .url = endpoint_.url(bucket_, request.key, request.query),
                                    .headers = request.headers,
                                    .body = request.body,
                                    .reader = request.reader,
                                    .redirects = net::Redirects::kReturn};
  is_anonymous_ = !keys;
  if (!keys) return signed_request;
  const std::string hash = request.reader ? request.payload_sha256 : sha256_hex(request.body);
  SIXFOLD_TRY_STATUS(
      net::sign_v4(signed_request, *keys, {endpoint_.region, "s3"}, hash, clock_->unix_seconds() + clock_offset_s_));
  return signed_request;
}

Result<net::TextResponse> S3Session::fetch(const S3Request& request) {
  net::Backoff backoff = client_.backoff();
  for (int changes = 0;;) {
    SIXFOLD_TRY(const net::ClientRequest signed_request, sign(request));
    SIXFOLD_TRY(net::TextResponse response, client_.fetch(signed_request, kAnswerBytesMax));
    if (response.head.status >= 200 && response.head.status < 300) return response;
    Refusal refusal = read(response.head);
    if (refusal.remedy == Remedy::kWait) {
      SIXFOLD_TRY_STATUS(backoff.wait(refusal.error));
    } else if (refusal.remedy == Remedy::kNone || ++changes > kChangesMax) {
      return std::move(refusal.error);
    }
  }
}

// The region goes into the signature, and at Amazon into the host: the request must be made anew, and an address from
// the answer is never followed.
bool S3Session::move(const net::ResponseHead& head, const std::string& said_region) {
  std::string region(head.header("x-amz-bucket-region"));
  if (region.empty()) region = said_region;
  if (!is_aws_region(region) || region == endpoint_.region) return false;
  endpoint_.region = std::move(region);
  return true;
}

bool S3Session::set_clock(const net::ResponseHead& head) {
  const auto date = net::parse_http_date(std::string(head.header("Date")));
  if (!date) return false;
  const std::int64_t offset_s = *date - clock_->unix_seconds();
  if (std::abs(offset_s - clock_offset_s_) < kSkewNoticedS) return false;
  clock_offset_s_ = offset_s;
  return true;
}

Refusal S3Session::read(const net::ResponseHead& head) {
  const AwsError error = parse_aws_error(head.error_body);
  Error why = explain(head, error);
  const bool may_lie_elsewhere = head.status == 301 || head.status == 307 || head.status == 400 || head.status == 403;
  if (may_lie_elsewhere && move(head, error.region)) return {Remedy::kOtherRequest, std::move(why)};
  // An answer to HEAD has no body that could say more.
  const bool is_mute = error.code.empty() && (head.status == 400 || head.status == 403) && !is_anonymous_;
  if ((is_mute || error.code == "RequestTimeTooSkewed") && set_clock(head)) {
    return {Remedy::kOtherRequest, std::move(why)};
  }
  const bool is_expired =
      is_mute || head.status == 401 ||
      is_one_of(error.code, {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"});
  if (is_expired && identity_.renew()) return {Remedy::kOtherRequest, std::move(why)};
  const bool is_passing = net::is_transient_status(head.status) ||
                          is_one_of(error.code, {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException",
                                                 "RequestLimitExceeded", "InternalError"});
  return {is_passing ? Remedy::kWait : Remedy::kNone, std::move(why)};
}

Error S3Session::explain(const net::ResponseHead& head, const AwsError& error) const {
  Error status = net::status_error(head);
  std::string text = fmt::format("s3:{}: ", bucket_) + status.message.substr(status.message.find(' ') + 1);
  if (!error.code.empty()) text += fmt::format(": {}: {}", error.code, error.message);
  if (!error.request_id.empty()) text += fmt::format(" (request {})", error.request_id);
  if (head.status == 403 && is_anonymous_) {
    text += "; no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
  }
  if (head.status >= 300 && head.status < 400) text += "; a redirect is not followed";
  if (head.status == 412) {
    status.code = ErrorCode::kCorruptData;
    text += "; the object changed meanwhile: the same command begins anew";
  }
  if (is_one_of(error.code, {"ExpiredToken", "ExpiredTokenException"})) status.code = ErrorCode::kUnauthenticated;
  return {status.code, identity_.without_secrets(std::move(text))};
}

}  // namespace sixfold::registry
