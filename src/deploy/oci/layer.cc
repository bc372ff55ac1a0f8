// Content goes from the files through the hash of the tar and gzip to the blob, a megabyte at a time.
#include "deploy/oci/layer.h"

#include <zlib.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

// Gzip without a time and a name.  The compressed bytes are those of one version of zlib; the tar's are not.
class GzipStream {
 public:
  explicit GzipStream(ByteSink sink) : sink_(std::move(sink)), out_(kBufferBytes) {
    constexpr int kGzipWindow = 15 + 16;
    constexpr int kLevel = 6;  // of 9: half a percent larger than that, in a third of the time
    constexpr int kMemoryLevel = 9;
    is_ready_ = deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
    header_.os = kUnknownSystem;
    is_ready_ = is_ready_ && deflateSetHeader(&stream_, &header_) == Z_OK;
  }
  ~GzipStream() { deflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Status write(std::span<const std::byte> bytes) { return run(bytes, Z_NO_FLUSH); }
  Status finish() { return run({}, Z_FINISH); }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
  static constexpr int kUnknownSystem = 255;

  Status run(std::span<const std::byte> bytes, int flush) {
    if (!is_ready_) return resource_exhausted("gzip: no memory");
    // zlib promises not to write there.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int state = deflate(&stream_, flush);
      if (state == Z_STREAM_ERROR) return internal_error("gzip: the stream is broken");
      const std::size_t made = out_.size() - stream_.avail_out;
      SIXFOLD_TRY_STATUS(sink_(std::span(out_).first(made)));
      const bool is_done = flush == Z_FINISH ? state == Z_STREAM_END : stream_.avail_out != 0;
      if (is_done) return ok();
    }
  }

  const ByteSink sink_;
  std::vector<std::byte> out_;
  z_stream stream_{};
  gz_header header_{};
  bool is_ready_ = false;
};

bool is_good_path(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    // Names with ".wh." take files of lower layers away.
    if (part.empty() || part == "." || part == ".." || part.starts_with(".wh.")) return false;
    begin = end + 1;
  }
  return path.find('\0') == std::string_view::npos;
}

// All entries with their folders, by path: a folder comes before what is in it.
Result<std::map<std::string, LayerEntry>> sorted(std::vector<LayerEntry> entries) {
  std::map<std::string, LayerEntry> all;
  for (LayerEntry& entry : entries) {
    if (!is_good_path(entry.path)) return invalid_argument("\"{}\": want a path such as usr/bin/sixfold", entry.path);
    const std::string path = entry.path;
    if (!all.emplace(path, std::move(entry)).second) return invalid_argument("\"{}\" is there twice", path);
  }
  std::vector<std::string> paths;
  for (const auto& [path, entry] : all) paths.push_back(path);
  for (const std::string& path : paths) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string folder = path.substr(0, slash);
      const auto [there, is_new] = all.try_emplace(folder);
      if (is_new) there->second = {.path = folder, .kind = LayerEntry::Kind::kFolder, .mode = 0755};
      if (there->second.kind != LayerEntry::Kind::kFolder) {
        return invalid_argument("\"{}\" is a file, and \"{}\" lies in it", folder, path);
      }
    }
  }
  return all;
}

// A file is opened when its turn comes: a model may have more than a process may have open.
Status add(TarWriter& tar, const LayerEntry& entry, const std::function<bool()>& is_cancelled) {
  if (entry.kind == LayerEntry::Kind::kFolder) return tar.add_folder(entry.path, entry.mode, entry.owner);
  TarContent content = text_content(entry.text);
  if (entry.from.empty()) return tar.add_file(entry.path, entry.mode, content, is_cancelled);
  SIXFOLD_TRY(const registry::UploadFile file, registry::UploadFile::open(entry.from));
  content.file = &file;
  content.blank = entry.blank;
  content.bytes = std::min(entry.bytes_of_file.value_or(file.bytes()), file.bytes());
  if (content.bytes < content.head.size()) return corrupt_data("{}: became shorter", entry.from);
  return tar.add_file(entry.path, entry.mode, content, is_cancelled);
}

}  // namespace

std::uint64_t content_bytes(const std::vector<LayerEntry>& entries) {
  std::uint64_t bytes = 0;
  for (const LayerEntry& entry : entries) {
    const std::uint64_t own = entry.from.empty() ? entry.text.size() : registry::file_bytes(entry.from);
    bytes += std::min(own, entry.bytes_of_file.value_or(own));
  }
  return bytes;
}

Result<Layer> write_layer(const BlobStore& store, std::vector<LayerEntry> entries, Compression compression,
                          const LayerWatch& watch) {
  const std::uint64_t total = content_bytes(entries);
  SIXFOLD_TRY(const auto all, sorted(std::move(entries)));
  SIXFOLD_TRY(BlobWriter blob, store.begin());
  const ByteSink to_blob = [&](std::span<const std::byte> bytes) { return blob.write(bytes); };
  std::optional<GzipStream> gzip;
  if (compression == Compression::kGzip) gzip.emplace(to_blob);
  Hasher tar_hash;
  std::uint64_t done = 0;
  TarWriter tar([&](std::span<const std::byte> bytes) {
    done += bytes.size();
    if (watch.progress) watch.progress(std::min(done, total), total);
    if (!gzip) return to_blob(bytes);
    tar_hash.add(bytes);
    return gzip->write(bytes);
  });
  for (const auto& [path, entry] : all) SIXFOLD_TRY_STATUS(add(tar, entry, watch.is_cancelled));
  SIXFOLD_TRY_STATUS(tar.finish());
  if (gzip) SIXFOLD_TRY_STATUS(gzip->finish());
  Layer layer;
  SIXFOLD_TRY(layer.blob, blob.finish(gzip ? kTarGzipType : kTarType));
  layer.diff_id = gzip ? sha256_digest(tar_hash.finish()) : layer.blob.digest;
  return layer;
}

}  // namespace sixfold::deploy::oci
