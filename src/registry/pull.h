// Brings a model to this machine: resolve, download what is missing, give it a name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "registry/record.h"
#include "registry/source.h"
#include "registry/store.h"

namespace sixfold::registry {

struct PullProgress {
  std::string_view file;    // now on its way
  std::uint64_t done = 0;   // bytes of the whole artifact, with what was here before
  std::uint64_t total = 0;  // 0 while it is not known
  // The same of this file, and its hash in hex when the source says it.
  std::uint64_t file_done = 0;
  std::uint64_t file_total = 0;
  std::string_view file_sha256 = {};
};

struct PullOptions {
  SourceContext context = {};
  std::size_t connections = 4;  // at a time
  std::uint64_t part_bytes_min = std::uint64_t{8} << 20;
  std::function<void(const PullProgress&)> progress = {};  // about ten times a second, on the calling thread
};

// source: with a scheme, or a name of the catalogue.  name: what to call it; "" = the source.
// Nothing is asked for twice: contents that are here already are found by their hash, interrupted downloads go on, and
// when another process is downloading the same file, it is waited for.
// Errors: invalid_argument (no such kind of source), those of the source, of download and of the disk.
Result<Record> pull(Store& store, const std::string& source, const std::string& name, const PullOptions& options);

}  // namespace sixfold::registry
