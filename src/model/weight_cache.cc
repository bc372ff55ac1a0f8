// Which file belongs to a checkpoint, when it is written, and what has to go for it.
#include "model/weight_cache.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/fast_hash.h"
#include "core/log.h"
#include "kernels/packed_layout.h"
#include "model/verified_note.h"

namespace sixfold::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".packed";
// A process that ends waits this long for a file that is almost there.
constexpr std::chrono::seconds kFinishTime{5};

// What stands in a file before its first tensor.
std::span<const std::byte> head_of(const FileMap& file, std::span<const TensorView> tensors) {
  const std::byte* const begin = file.bytes().data();
  const std::byte* end = begin + file.bytes().size();
  const std::less<> before;
  for (const TensorView& tensor : tensors) {
    if (!before(tensor.bytes.data(), begin) && before(tensor.bytes.data(), end)) end = tensor.bytes.data();
  }
  return {begin, end};
}

// Tells contents apart without reading gigabytes: size and time of the files, all metadata, the whole table of tensors,
// and some bytes from the middle of every tensor.  A model that is replaced, quantized anew or trained on differs in
// several of these; somebody who forges all of them can write the model file itself.
PackedKey key_of(const formats::Checkpoint& checkpoint, std::optional<DType> weights) {
  constexpr std::size_t kSampleBytes = 4096;
  PackedKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::uint64_t rounding = weights ? 1 + std::uint64_t{static_cast<std::uint32_t>(*weights)} : 0;
    std::uint64_t hash = fast_hash(std::as_bytes(std::span(&rounding, 1)), i + 1);
    for (const FileMap& file : checkpoint.files()) {
      const std::uint64_t facts[] = {kernels::kPackedLayoutVersion, file.bytes().size(),
                                     static_cast<std::uint64_t>(file.identity().modified_ns)};
      hash = fast_hash(std::as_bytes(std::span(facts)), hash);
      hash = fast_hash(head_of(file, checkpoint.tensors()), hash);
    }
    for (const TensorView& tensor : checkpoint.tensors()) {
      const std::size_t bytes = std::min(kSampleBytes, tensor.bytes.size());
      hash = fast_hash(tensor.bytes.subspan((tensor.bytes.size() - bytes) / 2, bytes), hash);
    }
    key[i] = hash;
  }
  return key;
}

// The folder is ours alone from the start: what is in it is as private as the model.
Status make_folder(const std::string& folder) {
  std::error_code error;
  const fs::path path(folder);
  if (fs::is_directory(path, error)) return ok();
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (!error) fs::create_directory(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return permission_denied("{}: {}", folder, error.message());
  return ok();
}

Status check_room(const WeightCacheOptions& options, std::uint64_t bytes) {
  if (bytes > options.folder_bytes_max) {
    return resource_exhausted("the cache may hold {} bytes, want {}", options.folder_bytes_max, bytes);
  }
  struct statvfs disk {};
  if (::statvfs(options.folder.c_str(), &disk) != 0) return ok();  // the disk itself will say
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::uint64_t kept = std::min(options.disk_bytes_free_min, std::uint64_t{disk.f_blocks} * disk.f_frsize / 10);
  if (free < kept || free - kept < bytes) {
    return resource_exhausted("{} bytes free on the disk, want {} and {} to spare", free, bytes, kept);
  }
  return ok();
}

struct CacheFile {
  fs::path path;
  fs::file_time_type used;
  std::uint64_t bytes = 0;
};

// Removes the longest unused files until `room` bytes more fit.  A file that is mapped elsewhere lives on until then.
void make_room(const WeightCacheOptions& options, std::uint64_t room) {
  std::error_code error;
  std::vector<CacheFile> files;
  std::uint64_t total = room;
  for (fs::directory_iterator entry(options.folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() != kEnding || !entry->is_regular_file(ignored)) continue;
    CacheFile file{entry->path(), entry->last_write_time(ignored), entry->file_size(ignored)};
    if (ignored) continue;
    // Every start that finds the file touches its note: another time of the file itself would call for a new check.
    const auto noted = fs::last_write_time(note_path(file.path), ignored);
    if (!ignored) file.used = std::max(file.used, noted);
    total += file.bytes;
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const CacheFile& a, const CacheFile& b) { return a.used < b.used; });
  for (const CacheFile& file : files) {
    if (total <= options.folder_bytes_max) return;
    if (fs::remove(file.path, error)) spdlog::info("weight cache: removed {}, the longest unused", file.path.string());
    fs::remove(note_path(file.path), error);
    total -= file.bytes;
  }
}

}  // namespace

WeightCache::WeightCache(const formats::Checkpoint& checkpoint, kernels::WorkerPool& pool, WeightCacheOptions options)
    : options_(std::move(options)) {
  if (options_.folder.empty() || checkpoint.files().empty() || checkpoint.file_bytes() < options_.file_bytes_min)
    return;
  key_ = key_of(checkpoint, options_.weights);
  const std::string stem = fs::path(checkpoint.path()).stem().string();
  path_ =
      (fs::path(options_.folder) / fmt::format("{:.64}-{:016x}{:016x}{}", stem, key_[0], key_[1], kEnding)).string();
  open(pool);
}

void WeightCache::open(kernels::WorkerPool& pool) {
  auto map = FileMap::open_private(path_);
  if (!map.is_ok()) {
    if (map.error().code == ErrorCode::kNotFound) return;
    spdlog::warn("weight cache: {}; packing the weights again", map.error().message);
    remove_file();
    return;
  }
  auto table = read_packed_head(map->bytes(), key_);
  const bool is_noted = table.is_ok() && is_noted_whole(path_, map->identity(), clock());
  Status checked = table.is_ok() ? ok() : Status(table.error());
  if (table.is_ok() && !is_noted) checked = check_packed_data(map->bytes(), *table, pool);
  if (!checked.is_ok()) {
    spdlog::warn("weight cache: {}: {}; packing the weights again", path_, checked.error().message);
    remove_file();
    return;
  }
  if (!is_noted) to_note_ = map->identity();
  table_ = std::move(table).value();
  map_ = std::move(map).value();
}

void WeightCache::remove_file() const {
  ::unlink(path_.c_str());
  ::unlink(note_path(path_).c_str());
}

std::optional<kernels::PackedMatrix> WeightCache::find(const TensorView& matrix, std::size_t slice) {
  if (!map_) return std::nullopt;
  const auto is_it = [&](const PackedPart& part) { return part.slice == slice && part.name == matrix.name; };
  auto part = table_.parts.begin() + static_cast<std::ptrdiff_t>(next_);
  if (part == table_.parts.end() || !is_it(*part)) part = std::find_if(table_.parts.begin(), table_.parts.end(), is_it);
  if (part == table_.parts.end() || part->dtype != matrix.dtype || part->rows != matrix.shape[0] ||
      part->cols != matrix.shape[1]) {
    return std::nullopt;
  }
  next_ = static_cast<std::size_t>(part - table_.parts.begin()) + 1;
  auto found = kernels::PackedMatrix::over(
      matrix, map_->bytes().subspan(static_cast<std::size_t>(part->offset), static_cast<std::size_t>(part->bytes)));
  if (!found.is_ok()) return std::nullopt;
  return std::move(found).value();
}

void WeightCache::add(const TensorView& matrix, std::size_t slice, const kernels::PackedMatrix& packed) {
  if (path_.empty() || map_) return;
  added_.push_back({.name = matrix.name,
                    .slice = static_cast<std::uint32_t>(slice),
                    .dtype = matrix.dtype,
                    .rows = matrix.shape[0],
                    .cols = matrix.shape[1],
                    .bytes = packed.bytes()});
  bytes_.push_back(packed.packed_bytes());
}

void WeightCache::write_in_background() {
  is_written_ = added_.empty();
  if ((is_written_ && !to_note_) || writer_.joinable()) return;
  try {
    writer_ = std::thread([this] {
      ::setpriority(PRIO_PROCESS, 0, 19);  // on Linux, of this thread alone: the answers come first
      work_while([this] { return !is_stopping_; });
    });
  } catch (const std::system_error& error) {
    spdlog::info("weight cache: no thread to write it: {}", error.what());
  }
}

void WeightCache::stop_writing() {
  if (!writer_.joinable()) return;
  is_stopping_ = true;
  writer_.join();
  // Here rather than there: that thread's priority is low, and cannot be raised again.
  const auto deadline = std::chrono::steady_clock::now() + kFinishTime;
  work_while([deadline] { return std::chrono::steady_clock::now() < deadline; });
  file_.reset();
}

void WeightCache::work_while(const std::function<bool()>& may_go_on) {
  write_while(may_go_on);
  if (!to_note_ || !may_go_on()) return;
  const Status noted = note_whole(path_, *to_note_, clock(), may_go_on);
  if (noted.is_ok()) to_note_.reset();
  // Then the next start checks the file once more, which costs it some time and nothing else.
  if (!noted.is_ok()) spdlog::debug("weight cache: not noted as whole: {}", noted.error().message);
}

void WeightCache::write_while(const std::function<bool()>& may_go_on) {
  while (!is_written_ && may_go_on()) {
    if (!file_) {
      auto file = begin_file();
      if (file.is_ok()) {
        file_.emplace(std::move(file).value());
        continue;
      }
      spdlog::info("weight cache: not written: {}", file.error().message);
      is_written_ = true;
      return;
    }
    const Result<bool> is_complete = file_->write_some();
    is_written_ = !is_complete.is_ok() || *is_complete;
    if (!is_written_) continue;
    if (is_complete.is_ok()) to_note_ = file_->identity();
    file_.reset();
    if (is_complete.is_ok()) {
      spdlog::info("packed weights are kept in {} for the next start; --weight-cache off keeps none", path_);
    } else {
      spdlog::warn("weight cache: not written: {}", is_complete.error().message);
    }
  }
}

Result<PackedFileWriter> WeightCache::begin_file() {
  std::error_code ignored;
  if (fs::exists(path_, ignored)) return already_exists("{}: another process wrote it", path_);
  SIXFOLD_TRY(PackedTable table, plan_packed_file(std::move(added_)));
  SIXFOLD_TRY_STATUS(make_folder(options_.folder));
  SIXFOLD_TRY_STATUS(check_room(options_, table.file_bytes));
  make_room(options_, table.file_bytes);
  return PackedFileWriter::begin(path_, key_, std::move(table), std::move(bytes_));
}

}  // namespace sixfold::model
