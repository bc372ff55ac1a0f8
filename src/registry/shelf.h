// Where the files of an artifact are kept: our own store, or a cache shared with other programs.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "registry/source.h"

namespace sixfold::registry {

struct KeptFile {
  std::string path;  // in the artifact's folder
  std::string blob;  // where the content lies; absolute
  std::uint64_t bytes = 0;
  std::string sha256;  // "" when it was here before and nobody hashed it
};

// Where a download goes while it is not whole.
struct DownloadPlace {
  std::string partial;
  std::string lock;  // held by whoever downloads
};

// Safe between processes as long as a place is used under its lock.
class Shelf {
 public:
  virtual ~Shelf() = default;

  // The content, if it is here already.
  virtual std::optional<KeptFile> find(const RemoteFile& file) const = 0;
  // Makes the folders that are needed.
  virtual Result<DownloadPlace> place(const RemoteFile& file) = 0;
  // Moves a whole, checked file from `partial` to where find looks.
  virtual Result<KeptFile> keep(const RemoteFile& file, const std::string& partial, std::uint64_t bytes,
                                const std::string& sha256) = 0;
  // Makes the folder in which every file has its path.  Returns it: absolute, or below the store.
  virtual Result<std::string> assemble(std::span<const KeptFile> files) = 0;
};

}  // namespace sixfold::registry
