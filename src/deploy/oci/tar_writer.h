// Writes tar archives whose bytes depend on nothing but what is put into them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "core/result.h"
#include "deploy/oci/file_range.h"
#include "registry/push/upload_file.h"

namespace sixfold::deploy::oci {

// Takes the next bytes of something that is written from its beginning to its end.
using ByteSink = std::function<Status(std::span<const std::byte>)>;

// What a file of an archive holds: `head`, and then the bytes of `file` from head.size() to `bytes`.
struct TarContent {
  std::string head = {};
  const registry::UploadFile* file = nullptr;  // none: all of it is in `head`
  std::uint64_t bytes = 0;
  FileRange blank = {};    // of `file`: zeros stand for these
  Hasher* hash = nullptr;  // told all of it, so that a file is read once; none: nobody wants to know
};

TarContent text_content(std::string text);

// USTAR, with a PAX header where a path or a size needs one.  Times are 0, owners numbers without names.  Own code,
// because the library for archives brings along some forty megabytes of others, which every image would carry.
// Source: POSIX.1-2017, "pax", ustar and pax interchange formats.  One thread.
class TarWriter {
 public:
  explicit TarWriter(ByteSink sink) : sink_(std::move(sink)) {}

  // path: "usr/bin/sixfold", without a slash at either end; nothing checks that it is new.  mode: 0755.
  Status add_folder(std::string_view path, unsigned mode, unsigned owner = 0);
  Status add_file(std::string_view path, unsigned mode, const TarContent& content,
                  const std::function<bool()>& is_cancelled = {});
  // Two blocks of zeros, without which readers complain.
  Status finish();

 private:
  struct Entry {
    std::string_view path;
    unsigned mode, owner;
    char kind;
    std::uint64_t bytes;
  };

  Status add_header(const Entry& entry);
  Status add_pax_header(std::string_view records);
  Status pad(std::uint64_t bytes);

  const ByteSink sink_;
};

}  // namespace sixfold::deploy::oci
