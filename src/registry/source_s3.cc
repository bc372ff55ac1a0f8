// s3:BUCKET/KEY: objects at Amazon S3, or at a server that speaks its protocol (AWS_ENDPOINT_URL).
#include <algorithm>
#include <memory>
#include <utility>

#include "core/error.h"
#include "registry/aws/s3_name.h"
#include "registry/aws/s3_objects.h"
#include "registry/pushed_list.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

using SharedSession = std::shared_ptr<S3Session>;

// Pinned to what is there now: parts of two versions are never mixed.
Result<RemoteFile> file_of(const SharedSession& session, const std::string& key, std::string path) {
  SIXFOLD_TRY(S3Object object, head_s3(*session, key));
  RemoteFile file{.path = std::move(path), .bytes = object.bytes, .sha256 = std::move(object.sha256)};
  S3Request request{.key = key};
  if (!object.entity_tag.empty()) request.headers.push_back({"If-Match", std::move(object.entity_tag)});
  file.request = [session, request = std::move(request)](bool) { return session->sign(request); };
  file.read_refusal = [session](const net::ResponseHead& head) { return session->read(head); };
  return file;
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('/') + 1);
}

// The list that sixfold push leaves in a folder as the last object; nothing in a folder that others made.
Result<std::optional<std::vector<RecordedFile>>> pushed_list(S3Session& session, const S3Name& name) {
  const auto response = session.fetch({.key = name.key + std::string(kPushedListName)});
  if (response.is_ok()) {
    SIXFOLD_TRY(auto files, parse_pushed_list(response->body, name.text()));
    return std::optional(std::move(files));
  }
  // Who may not list a bucket is told 403 instead of 404.
  const ErrorCode code = response.error().code;
  if (code == ErrorCode::kNotFound || code == ErrorCode::kPermissionDenied) {
    return std::optional<std::vector<RecordedFile>>();
  }
  return response.error();
}

// Names what lies there, if a person gave too little of it.
Error no_such_object(S3Session& session, const S3Name& name, Error error) {
  if (error.code != ErrorCode::kNotFound) return error;
  const auto keys = list_s3(session, name.key + "/");
  const bool is_folder = keys.is_ok() && !keys->empty();
  return is_folder ? not_found("{}: no such object, but a folder; {}/ means it", name.text(), name.text()) : error;
}

Result<std::vector<RemoteFile>> files_of_object(const SharedSession& session, const S3Name& name) {
  std::vector<RemoteFile> files;
  const std::string folder = name.key.substr(0, name.key.size() - last_part(name.key).size());
  std::vector<std::string> paths = {last_part(name.key)};
  if (is_split_gguf(name.key)) {
    SIXFOLD_TRY(std::vector<std::string> keys, list_s3(*session, folder));
    for (std::string& key : keys) key.erase(0, folder.size());
    SIXFOLD_TRY(paths, choose_files(keys, {.path = paths.front()}, name.text()));
  }
  for (std::string& path : paths) {
    const std::string key = folder + path;
    auto file = file_of(session, key, std::move(path));
    if (!file.is_ok()) return no_such_object(*session, name, std::move(file).error());
    files.push_back(*std::move(file));
  }
  if (!name.sha256.empty()) {
    if (files.size() > 1) return invalid_argument("{}: #sha256= is for one object", name.text());
    files.front().sha256 = name.sha256;
  }
  return files;
}

// What the list says of a file must hold before a byte of it is taken.
Status keep_promise(RemoteFile& file, const std::vector<RecordedFile>& pushed, const S3Name& name) {
  const auto promised =
      std::find_if(pushed.begin(), pushed.end(), [&](const RecordedFile& row) { return row.path == file.path; });
  const bool is_kept = promised != pushed.end() && file.bytes == promised->bytes &&
                       (file.sha256.empty() || file.sha256 == promised->sha256);
  if (!is_kept) {
    return corrupt_data("{}: {}: is not what {} promises; is somebody pushing it?", name.text(), file.path,
                        kPushedListName);
  }
  file.sha256 = promised->sha256;
  return ok();
}

Result<std::vector<RemoteFile>> files_of_folder(const SharedSession& session, const S3Name& name) {
  SIXFOLD_TRY(const auto pushed, pushed_list(*session, name));
  std::vector<std::string> paths;
  if (pushed) {
    for (const RecordedFile& file : *pushed) paths.push_back(file.path);
  } else {
    SIXFOLD_TRY(paths, list_s3(*session, name.key));
    for (std::string& path : paths) path.erase(0, name.key.size());
  }
  SIXFOLD_TRY(std::vector<std::string> chosen, choose_files(paths, {.quantization = name.quantization}, name.text()));
  std::vector<RemoteFile> files;
  for (std::string& path : chosen) {
    const std::string key = name.key + path;
    SIXFOLD_TRY(RemoteFile file, file_of(session, key, std::move(path)));
    if (pushed) SIXFOLD_TRY_STATUS(keep_promise(file, *pushed, name));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

Result<RemoteArtifact> resolve_s3(const std::string& rest, const SourceContext& context) {
  SIXFOLD_TRY(const S3Name name, parse_s3_name(rest));
  if (context.is_offline) {
    return unavailable("{}: not on this machine, and --offline forbids to ask", name.text());
  }
  SIXFOLD_TRY(std::unique_ptr<S3Session> opened, S3Session::open(name.bucket, context));
  const SharedSession session = std::move(opened);
  RemoteArtifact artifact{.source = name.text(), .revision = {}};
  if (name.is_folder()) {
    SIXFOLD_TRY(artifact.files, files_of_folder(session, name));
  } else {
    SIXFOLD_TRY(artifact.files, files_of_object(session, name));
  }
  return artifact;
}

}  // namespace sixfold::registry
