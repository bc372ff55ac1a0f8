// Talking to one repository of a container registry: requests with the tokens that they need; manifests and blobs.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "core/json.h"
#include "core/result.h"
#include "net/http_client.h"
#include "registry/auth_challenge.h"
#include "registry/docker_login.h"
#include "registry/oci_reference.h"
#include "registry/source.h"

namespace sixfold::registry {

struct OciManifest {
  std::string digest;  // "sha256:HEX" of the bytes that came
  json::object content;
};

// One thread at a time.
class OciSession {
 public:
  OciSession(OciReference reference, DockerLogin login, net::HttpClientOptions http);

  // Checked against the digest when the reference has one.  Errors: not_found, unauthenticated, permission_denied,
  // corrupt_data, and those of net::HttpClient::fetch.
  Result<OciManifest> manifest();
  // A small blob, checked.  digest: "sha256:HEX".
  Result<std::string> blob(const std::string& digest);
  // For a download.  is_renewed: the token has run out.
  Result<net::ClientRequest> blob_request(const std::string& digest, bool is_renewed);

  // For a push.  A request to an address of this repository, or to where the registry sent us, with credentials if that
  // is the registry itself; repeated once after a 401.  Errors: those of net::HttpClient::fetch.
  Result<net::TextResponse> send(const net::ClientRequest& request);
  // The same in one attempt, for what must not be repeated blindly; the answer's body is dropped.
  Result<net::ResponseHead> send_once(const net::ClientRequest& request);
  // Another for the same repository, with the same login.
  OciSession with(net::HttpClientOptions http) const { return {reference_, login_, std::move(http)}; }
  // "https://ghcr.io/v2/org/model" + path.
  std::string url(const std::string& path) const;
  // What a refusal means for a person.
  Error explain(const net::ResponseHead& head) const;

  const OciReference& reference() const { return reference_; }
  net::HttpClient& client() { return client_; }

 private:
  bool is_registry(const std::string& address) const;
  net::ClientRequest with_credentials(net::ClientRequest request) const;
  Result<net::TextResponse> get(const std::string& path, const std::string& accept);
  Status authenticate(const net::ResponseHead& refusal);
  Status fetch_token();

  const OciReference reference_;
  const DockerLogin login_;
  net::HttpClient client_;
  std::optional<AuthChallenge> challenge_;  // the last one
  std::string authorization_;               // "Bearer ...", "Basic ..." or ""
};

}  // namespace sixfold::registry
