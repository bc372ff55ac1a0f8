// One layer of an image: files under sorted paths as a tar, whose digest depends on nothing else.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "deploy/oci/blob_store.h"

namespace sixfold::deploy::oci {

struct LayerEntry {
  enum class Kind { kFolder, kFile };
  std::string path;  // "usr/bin/sixfold"
  Kind kind = Kind::kFile;
  unsigned mode = 0644;
  unsigned owner = 0;                               // of a folder; files are root's
  std::string text = {};                            // a file's content, or its beginning where `from` has the rest
  std::string from = {};                            // a file of this machine; empty: all is in `text`
  std::optional<std::uint64_t> bytes_of_file = {};  // not all of it: so much
  FileRange blank = {};                             // of the file: zeros stand for these
};

enum class Compression {
  kNone,  // for weights, which are as good as random
  kGzip,
};

struct Layer {
  Descriptor blob;
  std::string diff_id;  // "sha256:HEX" of the tar
};

// Who waits for a layer.
struct LayerWatch {
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};  // bytes of the tar, about
  std::function<bool()> is_cancelled = {};
};

// Of all contents, as the files are now.
std::uint64_t content_bytes(const std::vector<LayerEntry>& entries);

// Entries in any order; the folders that they need are added, with mode 0755.
// Errors: invalid_argument for a path twice or one that is not like "a/b"; those of reading and writing; unavailable
// (cancelled).
Result<Layer> write_layer(const BlobStore& store, std::vector<LayerEntry> entries, Compression compression,
                          const LayerWatch& watch = {});

}  // namespace sixfold::deploy::oci
