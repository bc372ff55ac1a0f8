// mlflow:NAME@ALIAS: models of an MLflow registry, and artifacts of its runs, whose files its server passes on.
#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "core/error.h"
#include "manifest/mlmodel.h"
#include "net/url.h"
#include "registry/mlflow_layout.h"
#include "registry/mlflow_name.h"
#include "registry/mlflow_session.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kMlModelBytesMax = 1 << 20;
constexpr std::string_view kProxied = "mlflow-artifacts:";
constexpr std::string_view kMlModelFile = "MLmodel";

// An artifact is a folder, unless a run's is named as a file.
bool is_gguf(std::string_view path) {
  return path.ends_with(".gguf");
}

// What the server says about a name, before any file is looked at.
struct Located {
  std::string artifact_uri;
  std::string version;  // of a registered model
  std::string license;
};

std::string tag_of(const json::object& version, std::string_view key) {
  const json::array* tags = array_at(version, "tags");
  if (tags == nullptr) return {};
  for (const json::value& item : *tags) {
    const json::object* tag = item.if_object();
    if (tag != nullptr && text_at(*tag, "key") == key) return text_at(*tag, "value");
  }
  return {};
}

// MLflow counts versions in texts.
std::uint64_t number_of(const std::string& version) {
  std::uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

Result<std::string> newest_version(MlflowSession& session, const MlflowName& name) {
  SIXFOLD_TRY(const json::object answer, session.call("registered-models/get-latest-versions", {{"name", name.model}}));
  std::string newest;  // there is one for each stage
  if (const json::array* versions = array_at(answer, "model_versions")) {
    for (const json::value& item : *versions) {
      const json::object* row = item.if_object();
      std::string version = row == nullptr ? "" : text_at(*row, "version");
      if (number_of(version) > number_of(newest)) newest = std::move(version);
    }
  }
  if (newest.empty()) return not_found("{}: has no versions", name.text());
  return newest;
}

Result<json::object> find_version(MlflowSession& session, const MlflowName& name) {
  if (!name.alias.empty()) {
    return session.call("registered-models/alias", {{"name", name.model}, {"alias", name.alias}});
  }
  std::string version = name.version;
  if (version.empty()) {
    SIXFOLD_TRY(version, newest_version(session, name));
  }
  return session.call("model-versions/get", {{"name", name.model}, {"version", version}});
}

Result<Located> locate_model(MlflowSession& session, const MlflowName& name) {
  SIXFOLD_TRY(const json::object answer, find_version(session, name));
  const json::object* row = object_at(answer, "model_version");
  if (row == nullptr) return corrupt_data("{}: model_version: want an object", name.text());
  Located located{.artifact_uri = {}, .version = text_at(*row, "version"), .license = tag_of(*row, "license")};
  if (number_of(located.version) == 0) return corrupt_data("{}: version: want a number", name.text());
  const std::string status = text_at(*row, "status");
  if (!status.empty() && status != "READY") {
    return unavailable("{}: version {} is not ready: {}", name.text(), located.version,
                       shown_json(json::string(status)));
  }
  SIXFOLD_TRY(const json::object uri,
              session.call("model-versions/get-download-uri", {{"name", name.model}, {"version", located.version}}));
  located.artifact_uri = text_at(uri, "artifact_uri");
  return located;
}

Result<Located> locate_run(MlflowSession& session, const MlflowName& name) {
  SIXFOLD_TRY(const json::object answer, session.call("runs/get", {{"run_id", name.run}}));
  const json::object* run = object_at(answer, "run");
  const json::object* info = run == nullptr ? nullptr : object_at(*run, "info");
  if (info == nullptr) return corrupt_data("{}: run.info: want an object", name.text());
  return Located{.artifact_uri = text_at(*info, "artifact_uri") + "/" + name.path, .version = {}, .license = {}};
}

// A version that was registered from a run says so.
Result<Located> locate(MlflowSession& session, const MlflowName& name) {
  SIXFOLD_TRY(Located located, name.model.empty() ? locate_run(session, name) : locate_model(session, name));
  if (!located.artifact_uri.starts_with("runs:/")) return located;
  SIXFOLD_TRY(const MlflowName run, parse_mlflow_name(located.artifact_uri));
  SIXFOLD_TRY(Located of_run, locate_run(session, run));
  located.artifact_uri = std::move(of_run.artifact_uri);
  return located;
}

// The path behind "mlflow-artifacts:", with or without the host, which must be the server itself: nobody else is to
// see what the server was told.
Result<std::string> proxied_path(const std::string& uri, const MlflowServer& server, const std::string& where) {
  std::string path = uri.substr(kProxied.size());
  if (path.starts_with("//")) {
    const std::size_t end = std::min(path.find('/', 2), path.size());
    const std::string authority = path.substr(2, end - 2);
    SIXFOLD_TRY(const net::Url url, net::parse_url(server.url));
    if (!authority.empty() && authority != url.authority()) {
      return permission_denied("{}: its files are with \"{}\", want them with {}", where, net::shown_url(authority),
                               url.authority());
    }
    path.erase(0, end);
  }
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  SIXFOLD_TRY_STATUS(check_artifact_path(path, where));
  return path;
}

RemoteFile remote_file(const std::shared_ptr<MlflowSession>& session, const std::string& from, const std::string& to) {
  RemoteFile file{.path = to};
  file.request = [session, from](bool) -> Result<net::ClientRequest> { return session->request_for(from); };
  return file;
}

Result<RemoteArtifact> list_files(const std::shared_ptr<MlflowSession>& session, const std::string& folder,
                                  RemoteArtifact artifact) {
  SIXFOLD_TRY(const std::vector<MlflowFile> files, session->list(folder));
  std::vector<std::string> paths;
  for (const MlflowFile& file : files) paths.push_back(file.path);
  std::optional<manifest::MlModel> mlmodel;
  if (std::find(paths.begin(), paths.end(), kMlModelFile) != paths.end()) {
    const std::string path = fmt::format("{}/{}", folder, kMlModelFile);
    SIXFOLD_TRY(const std::string text, session->read(path, kMlModelBytesMax));
    SIXFOLD_TRY(mlmodel, manifest::parse_mlmodel(text, path));
  }
  SIXFOLD_TRY(const std::vector<PlacedFile> placed, place_mlflow_files(paths, mlmodel, artifact.source));
  for (const PlacedFile& place : placed) {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const MlflowFile& one) { return one.path == place.from; });
    artifact.files.push_back(remote_file(session, folder + "/" + place.from, place.to));
    artifact.files.back().bytes = file->bytes;
  }
  artifact.http = session->server().http;
  return artifact;
}

}  // namespace

Result<RemoteArtifact> resolve_mlflow(const std::string& rest, const SourceContext& context) {
  SIXFOLD_TRY(const MlflowName name, parse_mlflow_name(rest));
  const std::string source = "mlflow:" + name.text();
  if (context.is_offline) return unavailable("{}: not on this machine, and --offline forbids to ask", source);
  SIXFOLD_TRY(MlflowServer server, mlflow_server(context.environment, context.http));
  const auto session = std::make_shared<MlflowSession>(std::move(server));
  SIXFOLD_TRY(const Located located, locate(*session, name));
  RemoteArtifact artifact{.source = source, .revision = located.version, .license = located.license};
  const std::string& uri = located.artifact_uri;
  if (uri.starts_with(kProxied)) {
    SIXFOLD_TRY(const std::string path, proxied_path(uri, session->server(), source));
    if (!is_gguf(path)) return list_files(session, path, std::move(artifact));
    artifact.files.push_back(remote_file(session, path, path.substr(path.rfind('/') + 1)));
    artifact.http = session->server().http;
    return artifact;
  }
  // Storage that this program knows is asked itself, with its own credentials.
  if (const SourceRow* row = uri.starts_with("s3:") ? find_source(uri) : nullptr) {
    const std::string place = uri + (is_gguf(uri) || uri.ends_with('/') ? "" : "/");
    SIXFOLD_TRY(RemoteArtifact stored, row->resolve(place.substr(row->scheme.size()), context));
    stored.source = artifact.source;
    stored.license = artifact.license;
    return stored;
  }
  return invalid_argument("{}: its files are at \"{}\", want a server that passes them on (mlflow-artifacts:)", source,
                          net::shown_url(uri));
}

}  // namespace sixfold::registry
