// Downloads one file: parallel ranges, resumed after a cut, checked against its hash.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/result.h"
#include "net/http_client.h"
#include "registry/source.h"

namespace sixfold::registry {

struct DownloadOptions {
  net::HttpClientOptions http = {};
  std::size_t connections = 4;
  std::uint64_t part_bytes_min = std::uint64_t{8} << 20;  // a smaller file is one request
  std::uint64_t part_bytes_max = std::uint64_t{128} << 20;
};

// total is 0 while it is not known.  On the thread that called download, about ten times a second.
using DownloadProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct DownloadedFile {
  std::uint64_t bytes = 0;
  std::string sha256;  // of what was written
};

// Writes file.request's answer, or a copy of file.local_path, to `path`, going on from what an earlier, interrupted
// call left there.  When it returns a value, the content has the size and hashes that `file` names and is on the disk.
// After an error, what can be used again stays at `path` with a note; after a wrong hash nothing stays. Errors: those
// of net::HttpClient::send and net::status_error; corrupt_data (size or hash), resource_exhausted (disk).
// http.is_cancelled is asked from several threads.  Only one process at a time may download to `path`.
Result<DownloadedFile> download(const RemoteFile& file, const std::string& path, const DownloadOptions& options,
                                const DownloadProgress& progress);

}  // namespace sixfold::registry
