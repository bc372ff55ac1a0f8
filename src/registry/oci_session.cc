// The distribution protocol.  Source: OCI distribution specification; distribution's "Token
// Authentication Specification".
#include "registry/oci_session.h"

#include <utility>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "net/url.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
constexpr std::size_t kTokenAnswerBytesMax = 1 << 20;

std::string basic(const DockerLogin& login) {
  return "Basic " + base64(login.user + ":" + login.password);
}

Status check_digest(const std::string& digest, std::string_view content, const std::string& where) {
  const std::string got = "sha256:" + sha256_hex(content);
  return got == digest ? ok() : Status(corrupt_data("{}: digest: want {}, got {}", where, digest, got));
}

}  // namespace

OciSession::OciSession(OciReference reference, DockerLogin login, net::HttpClientOptions http)
    : reference_(std::move(reference)), login_(std::move(login)), client_(std::move(http)) {}

Result<OciManifest> OciSession::manifest() {
  SIXFOLD_TRY(const net::TextResponse response, get("/manifests/" + reference_.version(), std::string(kManifestTypes)));
  const std::string where = reference_.text();
  if (!reference_.digest.empty()) SIXFOLD_TRY_STATUS(check_digest(reference_.digest, response.body, where));
  OciManifest manifest{"sha256:" + sha256_hex(response.body), {}};
  SIXFOLD_TRY(manifest.content, parse_json_object(response.body, where));
  return manifest;
}

Result<std::string> OciSession::blob(const std::string& digest) {
  SIXFOLD_TRY(net::TextResponse response, get("/blobs/" + digest, "*/*"));
  SIXFOLD_TRY_STATUS(check_digest(digest, response.body, reference_.text()));
  return std::move(response.body);
}

Result<net::ClientRequest> OciSession::blob_request(const std::string& digest, bool is_renewed) {
  if (is_renewed) SIXFOLD_TRY_STATUS(fetch_token());
  net::ClientRequest request{.url = url("/blobs/" + digest)};
  if (!authorization_.empty()) request.credentials.push_back({"Authorization", authorization_});
  return request;
}

std::string OciSession::url(const std::string& path) const {
  return fmt::format("{}/v2/{}{}", reference_.base_url(), reference_.repository, path);
}

// Only the registry itself sees credentials, and only it may say where a login goes.
bool OciSession::is_registry(const std::string& address) const {
  const auto asked = net::parse_url(address);
  const auto registry = net::parse_url(reference_.base_url());
  return asked.is_ok() && registry.is_ok() && net::have_same_origin(*asked, *registry);
}

net::ClientRequest OciSession::with_credentials(net::ClientRequest request) const {
  if (!authorization_.empty() && is_registry(request.url)) {
    request.credentials.push_back({"Authorization", authorization_});
  }
  return request;
}

Result<net::TextResponse> OciSession::send(const net::ClientRequest& request) {
  for (bool is_refused = false;; is_refused = true) {
    SIXFOLD_TRY(net::TextResponse response, client_.fetch(with_credentials(request), limits::kListingBytesMax));
    if (response.head.status != 401 || is_refused || !is_registry(response.head.url)) return response;
    SIXFOLD_TRY_STATUS(authenticate(response.head));
  }
}

Result<net::ResponseHead> OciSession::send_once(const net::ClientRequest& request) {
  class DroppingSink final : public net::BodySink {
   public:
    Status begin(const net::ResponseHead&) override { return ok(); }
    Status take(std::span<const std::byte>) override { return ok(); }
  } sink;
  for (bool is_refused = false;; is_refused = true) {
    SIXFOLD_TRY(net::ResponseHead head, client_.send(with_credentials(request), sink));
    if (head.status != 401 || is_refused || !is_registry(head.url)) return head;
    SIXFOLD_TRY_STATUS(authenticate(head));
  }
}

Result<net::TextResponse> OciSession::get(const std::string& path, const std::string& accept) {
  SIXFOLD_TRY(net::TextResponse response, send({.url = url(path), .headers = {{"Accept", accept}}}));
  if (response.head.status != 200) return explain(response.head);
  return response;
}

Status OciSession::authenticate(const net::ResponseHead& refusal) {
  challenge_ = parse_auth_challenge(refusal.header("WWW-Authenticate"));
  if (!challenge_) return explain(refusal);
  if (challenge_->scheme == "bearer") return fetch_token();
  if (challenge_->scheme != "basic" || login_.user.empty()) return explain(refusal);
  authorization_ = basic(login_);
  return ok();
}

// The registry names the server that gives tokens; a login goes there only if the way is as safe as to the registry.
Status OciSession::fetch_token() {
  if (!challenge_ || challenge_->scheme != "bearer") return ok();
  const std::string realm = challenge_->parameter("realm");
  SIXFOLD_TRY(const net::Url url, net::parse_url(realm));
  if (url.scheme != "https" && reference_.base_url().starts_with("https")) {
    return permission_denied("{}: wants a login at {}, which is not https", reference_.text(), net::shown_url(realm));
  }
  std::string scope = challenge_->parameter("scope");
  if (scope.empty()) scope = fmt::format("repository:{}:pull", reference_.repository);
  const std::string service = challenge_->parameter("service");
  net::ClientRequest request;
  if (!login_.identity_token.empty()) {
    request.method = "POST";
    request.url = url.text();
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = fmt::format("grant_type=refresh_token&client_id=sixfold&service={}&scope={}&refresh_token={}",
                               net::percent_encode(service), net::percent_encode(scope),
                               net::percent_encode(login_.identity_token));
  } else {
    request.url = fmt::format("{}{}service={}&scope={}", url.text(), url.query.empty() ? "?" : "&",
                              net::percent_encode(service), net::percent_encode(scope));
    if (!login_.user.empty()) request.credentials.push_back({"Authorization", basic(login_)});
  }
  SIXFOLD_TRY(const net::TextResponse response, client_.fetch(request, kTokenAnswerBytesMax));
  if (response.head.status != 200) return explain(response.head);
  SIXFOLD_TRY(const json::object answer, parse_json_object(response.body, net::shown_url(realm)));
  std::string token = text_at(answer, "token");
  if (token.empty()) token = text_at(answer, "access_token");
  if (token.empty()) return corrupt_data("{}: token: want a text", net::shown_url(realm));
  authorization_ = "Bearer " + token;
  return ok();
}

Error OciSession::explain(const net::ResponseHead& head) const {
  if (head.status == 401 || head.status == 403) {
    const Error error = net::status_error(head);
    return {error.code, fmt::format("{}: {}; {}", reference_.text(), error.message,
                                    login_.is_empty() ? "docker login or podman login may help"
                                                      : "the login that is remembered for it does not allow this")};
  }
  if (head.status == 404) return not_found("{}: no such model or tag", reference_.text());
  return with_context(net::status_error(head), reference_.text());
}

}  // namespace sixfold::registry
