// Talking to one repository of a container registry: manifests, blobs, and the tokens that both need.
#pragma once
#include <optional>
#include <string>

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

  const OciReference& reference() const { return reference_; }

 private:
  Result<net::TextResponse> get(const std::string& path, const std::string& accept);
  Status authenticate(const net::ResponseHead& refusal);
  Status fetch_token();
  Error explain(const net::ResponseHead& head) const;

  const OciReference reference_;
  const DockerLogin login_;
  net::HttpClient client_;
  std::optional<AuthChallenge> challenge_;  // the last one
  std::string authorization_;               // "Bearer ...", "Basic ..." or ""
};

}  // namespace sixfold::registry
