// Talking to an MLflow tracking server: models, versions, runs, and the artifacts that it passes on.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "net/http_client.h"
#include "registry/environment.h"

namespace sixfold::registry {

struct MlflowServer {
  std::string url;  // MLFLOW_TRACKING_URI without a slash at its end
  std::vector<net::Header> credentials;
  net::HttpClientOptions http;  // with the trust that MLflow's own settings ask for
};

// MLFLOW_TRACKING_URI; MLFLOW_TRACKING_USERNAME and _PASSWORD, else _TOKEN; _INSECURE_TLS; _SERVER_CERT_PATH.
// Errors: invalid_argument (no address, or one that is not http).
Result<MlflowServer> mlflow_server(const Environment& environment, net::HttpClientOptions http);

struct MlflowFile {
  std::string path;  // below the listed folder
  std::uint64_t bytes = 0;
};

// One thread at a time.
class MlflowSession {
 public:
  explicit MlflowSession(MlflowServer server);

  // GET .../api/2.0/mlflow/CALL?NAME=VALUE&...  Errors: not_found, unauthenticated, permission_denied (with what to
  // set), corrupt_data, and those of net::HttpClient::fetch; the server's own words are in the message.
  Result<json::object> call(const std::string& call, const std::vector<std::pair<std::string, std::string>>& query);

  // All files of a folder that the server passes on, and of its folders.  Errors: the same; resource_exhausted.
  Result<std::vector<MlflowFile>> list(const std::string& folder);
  // A small file.
  Result<std::string> read(const std::string& path, std::size_t bytes_max);
  net::ClientRequest request_for(const std::string& path) const;

  const MlflowServer& server() const { return server_; }

 private:
  Result<net::TextResponse> get(const std::string& address, std::size_t bytes_max);
  Error explain(const net::ResponseHead& head) const;
  Status list_into(const std::string& folder, const std::string& below, int depth, std::vector<MlflowFile>& files);

  const MlflowServer server_;
  net::HttpClient client_;
  std::size_t listings_ = 0;  // asked for
};

}  // namespace sixfold::registry
