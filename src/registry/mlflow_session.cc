// MLflow's REST interface, version 2.0.  Source: mlflow, protos/model_registry.proto and mlflow_artifacts.proto.
#include "registry/mlflow_session.h"

#include <charconv>
#include <utility>

#include "core/base64.h"
#include "core/error.h"
#include "core/limits.h"
#include "net/url.h"
#include "registry/source.h"

namespace sixfold::registry {
namespace {

constexpr int kFolderDepthMax = 16;
constexpr std::size_t kListingsMax = 256;
constexpr std::size_t kReasonBytesMax = 200;

// protobuf writes 64-bit numbers as texts, MLflow's own servers as numbers.
std::optional<std::uint64_t> size_of(const json::object& file) {
  if (const auto count = count_at(file, "file_size")) return count;
  const std::string text = text_at(file, "file_size");
  std::uint64_t bytes = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return bytes;
}

// {"error_code": ..., "message": ...}; nothing that could write to a terminal.
std::string reason_of(const net::ResponseHead& head) {
  const auto body = parse_json_object(head.error_body, "answer");
  if (!body.is_ok()) return {};
  std::string reason = text_at(*body, "message").substr(0, kReasonBytesMax);
  for (char& letter : reason) {
    if (static_cast<unsigned char>(letter) < 0x20 || static_cast<unsigned char>(letter) >= 0x7F) letter = ' ';
  }
  return reason.empty() ? reason : ": " + reason;
}

}  // namespace

Result<MlflowServer> mlflow_server(const Environment& environment, net::HttpClientOptions http) {
  MlflowServer server{.url = environment("MLFLOW_TRACKING_URI"), .credentials = {}, .http = std::move(http)};
  while (server.url.ends_with('/')) server.url.pop_back();
  const auto url = net::parse_url(server.url);
  if (!url.is_ok() || !url->query.empty()) {
    return invalid_argument("mlflow: want MLFLOW_TRACKING_URI to be http(s)://HOST, got \"{}\"",
                            net::shown_url(server.url));
  }
  const std::string user = environment("MLFLOW_TRACKING_USERNAME");
  const std::string password = environment("MLFLOW_TRACKING_PASSWORD");
  const std::string token = environment("MLFLOW_TRACKING_TOKEN");
  if (!user.empty() && !password.empty()) {
    server.credentials.push_back({"Authorization", "Basic " + base64(user + ":" + password)});
  } else if (!token.empty()) {
    server.credentials.push_back({"Authorization", "Bearer " + token});
  }
  server.http.verifies_certificates = !is_switched_on(environment, "MLFLOW_TRACKING_INSECURE_TLS");
  if (const std::string path = environment("MLFLOW_TRACKING_SERVER_CERT_PATH"); !path.empty()) {
    server.http.ca_file = path;
  }
  return server;
}

MlflowSession::MlflowSession(MlflowServer server) : server_(std::move(server)), client_(server_.http) {}

Result<json::object> MlflowSession::call(const std::string& call,
                                         const std::vector<std::pair<std::string, std::string>>& query) {
  std::string address = fmt::format("{}/api/2.0/mlflow/{}", server_.url, call);
  char mark = '?';
  for (const auto& [name, value] : query) {
    address += fmt::format("{}{}={}", std::exchange(mark, '&'), name, net::percent_encode(value));
  }
  SIXFOLD_TRY(const net::TextResponse response, get(address, limits::kListingBytesMax));
  return parse_json_object(response.body, net::shown_url(address));
}

Result<std::vector<MlflowFile>> MlflowSession::list(const std::string& folder) {
  std::vector<MlflowFile> files;
  SIXFOLD_TRY_STATUS(list_into(folder, "", 0, files));
  return files;
}

Status MlflowSession::list_into(const std::string& folder, const std::string& below, int depth,
                                std::vector<MlflowFile>& files) {
  const std::string where = folder + "/" + below;
  if (depth > kFolderDepthMax || ++listings_ > kListingsMax) {
    return resource_exhausted("{}: want at most {} folders, {} deep", where, kListingsMax, kFolderDepthMax);
  }
  const std::string path = below.empty() ? folder : folder + "/" + below;
  const std::string address =
      fmt::format("{}/api/2.0/mlflow-artifacts/artifacts?path={}", server_.url, net::percent_encode(path));
  SIXFOLD_TRY(const net::TextResponse response, get(address, limits::kListingBytesMax));
  SIXFOLD_TRY(const json::object listing, parse_json_object(response.body, net::shown_url(address)));
  const json::array* rows = array_at(listing, "files");
  if (rows == nullptr) return ok();  // an empty folder
  for (const json::value& item : *rows) {
    const json::object* row = item.if_object();
    if (row == nullptr) return corrupt_data("{}: files: want objects, got {}", where, shown_json(item));
    const std::string name = text_at(*row, "path");
    const std::string inside = below.empty() ? name : below + "/" + name;
    SIXFOLD_TRY_STATUS(check_artifact_path(inside, where));
    const json::value* is_folder = row->if_contains("is_dir");
    if (is_folder != nullptr && is_folder->is_bool() && is_folder->get_bool()) {
      SIXFOLD_TRY_STATUS(list_into(folder, inside, depth + 1, files));
      continue;
    }
    const auto bytes = size_of(*row);
    if (!bytes) return corrupt_data("{}: {}: file_size: want a number of bytes", where, name);
    if (files.size() >= limits::kArtifactFilesMax) {
      return resource_exhausted("{}: want at most {} files", folder, limits::kArtifactFilesMax);
    }
    files.push_back({inside, *bytes});
  }
  return ok();
}

Result<std::string> MlflowSession::read(const std::string& path, std::size_t bytes_max) {
  SIXFOLD_TRY(net::TextResponse response, get(request_for(path).url, bytes_max));
  return std::move(response.body);
}

net::ClientRequest MlflowSession::request_for(const std::string& path) const {
  return {.url = fmt::format("{}/api/2.0/mlflow-artifacts/artifacts/{}", server_.url,
                             net::percent_encode(path, net::Slash::kKept)),
          .credentials = server_.credentials};
}

Result<net::TextResponse> MlflowSession::get(const std::string& address, std::size_t bytes_max) {
  const net::ClientRequest request{.url = address, .credentials = server_.credentials};
  SIXFOLD_TRY(net::TextResponse response, client_.fetch(request, bytes_max));
  if (response.head.status != 200) return explain(response.head);
  return response;
}

Error MlflowSession::explain(const net::ResponseHead& head) const {
  Error error = net::status_error(head);
  error.message += reason_of(head);
  if (head.status == 401 && server_.credentials.empty()) {
    error.message += "; want MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN";
  }
  return error;
}

}  // namespace sixfold::registry
