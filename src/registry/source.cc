// Checks on what a registry lists, before any of it becomes a path.
#include "registry/source.h"

#include <algorithm>
#include <set>

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/utf8.h"

namespace sixfold::registry {

Refusal read_refusal(const net::ResponseHead& head) {
  const Remedy remedy = head.status == 401                      ? Remedy::kOtherRequest
                        : net::is_transient_status(head.status) ? Remedy::kWait
                                                                : Remedy::kNone;
  return {remedy, net::status_error(head)};
}

Status check_artifact_path(std::string_view path, std::string_view where) {
  const auto refuse = [&](std::string_view reason) -> Status {
    std::string shown(path.substr(0, 80));
    for (char& letter : shown) {
      if (static_cast<unsigned char>(letter) < 0x20) letter = '?';
    }
    return corrupt_data("{}: file name \"{}\": {}", where, shown, reason);
  };
  if (path.empty() || path.size() > limits::kArtifactPathBytesMax) return refuse("too long or empty");
  if (!is_valid_utf8(path)) return refuse("not UTF-8");
  const bool has_odd_letter = std::any_of(path.begin(), path.end(), [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F || letter == '\\' || letter == ':';
  });
  if (has_odd_letter) return refuse("a control character, backslash or colon");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") return refuse("want a path below the model's folder");
    if (segment.size() > 255) return refuse("too long or empty");
    begin = end + 1;
  }
  return ok();
}

Status check_artifact(const RemoteArtifact& artifact) {
  if (artifact.files.empty()) return not_found("{}: no model files", artifact.source);
  if (artifact.files.size() > limits::kArtifactFilesMax) {
    return resource_exhausted("{}: want at most {} files, got {}", artifact.source, limits::kArtifactFilesMax,
                              artifact.files.size());
  }
  std::set<std::string_view> paths;
  for (const RemoteFile& file : artifact.files) {
    SIXFOLD_TRY_STATUS(check_artifact_path(file.path, artifact.source));
    if (!paths.insert(file.path).second) return corrupt_data("{}: {} is listed twice", artifact.source, file.path);
    if (!file.sha256.empty() && !is_sha256_hex(file.sha256)) {
      return corrupt_data("{}: {}: want a SHA-256 of 64 hex digits", artifact.source, file.path);
    }
    if (file.bytes.value_or(0) > limits::kArtifactFileBytesMax) {
      return resource_exhausted("{}: {}: want at most {} bytes, got {}", artifact.source, file.path,
                                limits::kArtifactFileBytesMax, *file.bytes);
    }
  }
  // "a" and "a/b" cannot both be files.
  for (const std::string_view path : paths) {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      if (paths.contains(path.substr(0, slash))) {
        return corrupt_data("{}: {} is a file and a folder", artifact.source, path.substr(0, slash));
      }
    }
  }
  return ok();
}

}  // namespace sixfold::registry
