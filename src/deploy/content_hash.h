// SHA-256 of the files that a deployment is made from, computed once for each state of a file.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/file_map.h"
#include "core/result.h"

namespace sixfold::deploy {

// The program that runs now, as a path.
inline constexpr const char* kOwnProgram = "/proc/self/exe";

// Who waits for a hash.
struct HashOptions {
  std::function<void(std::string_view)> say = {};  // told how far it has come with a large file, if set
  std::function<bool()> is_cancelled = {};
};

// One thread.
class ContentHashes {
 public:
  // notes: a file in which hashes are remembered; empty: nowhere.  One that is missing or damaged is as if empty.
  explicit ContentHashes(std::string notes, HashOptions options = {});

  // Of a file, in hex.  Errors: not_found, permission_denied, invalid_argument (no regular file), unavailable
  // (cancelled).
  Result<std::string> of_file(const std::string& path);
  // Of a program or a model.  Of a model of several files (a GGUF file in parts, a folder), it is the hash of what
  // `sha256sum FILE...` prints for them, sorted by their paths.  Errors: as of_file, and those of registry::list_model.
  Result<std::string> of_content(const std::string& path);

 private:
  struct Known {
    FileIdentity identity;
    std::string sha256;
  };

  void load();
  Status save() const;

  const std::string notes_;
  const HashOptions options_;
  std::map<std::string, Known> known_;
};

}  // namespace sixfold::deploy
