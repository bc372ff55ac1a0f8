// Writes a packed file: locked, so that one process writes it, and renamed when it is complete.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/fast_hash.h"
#include "core/write_at.h"
#include "core/write_error.h"
#include "model/packed_file.h"

namespace sixfold::model {
namespace {

// A temporary file of a fixed name, so that a lock on it tells other writers apart from leavings of a crash.
class PartFile {
 public:
  static Result<PartFile> begin(const std::string& path) {
    const std::string name = path + ".part";
    const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return write_error(name, "create");
    PartFile part(path, name, file);
    struct stat opened {};
    struct stat named {};
    // A file that was renamed between open and flock is somebody's finished work.
    if (::flock(file, LOCK_EX | LOCK_NB) != 0 || ::fstat(file, &opened) != 0 || ::lstat(name.c_str(), &named) != 0 ||
        opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
      part.name_.clear();
      return already_exists("{}: another process writes it", path);
    }
    if (::ftruncate(file, 0) != 0 || ::fchmod(file, 0600) != 0) return write_error(name, "truncate");
    return part;
  }

  PartFile(PartFile&& other) noexcept
      : path_(std::move(other.path_)),
        name_(std::exchange(other.name_, std::string())),
        file_(std::exchange(other.file_, -1)) {}
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile() {
    if (!name_.empty()) ::unlink(name_.c_str());  // still locked: nobody else has begun to write
    if (file_ >= 0) ::close(file_);
  }

  Status reserve(std::uint64_t bytes) { return reserve_room(file_, path_, bytes); }
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    return sixfold::write_at(file_, path_, offset, bytes);
  }

  // Not synced: a reader finds by the hashes what a crash has swallowed (and see verified_note.h).
  Result<FileIdentity> commit() {
    if (std::rename(name_.c_str(), path_.c_str()) != 0) return write_error(path_, "rename");
    name_.clear();
    return identify_file(file_, path_);
  }

 private:
  PartFile(std::string path, std::string name, int file)
      : path_(std::move(path)), name_(std::move(name)), file_(file) {}

  std::string path_;
  std::string name_;  // empty once it is not ours to remove
  int file_ = -1;
};

}  // namespace

struct PackedFileWriter::State {
  PartFile file;
  PackedKey key;
  PackedTable table;
  std::vector<std::span<const std::byte>> packed;
  std::vector<std::byte> buffer;  // of a chunk
  std::size_t chunk = 0;          // the next one
  std::size_t part = 0;           // the first that reaches into it or beyond
  FileIdentity identity = {};     // once it is complete

  void fill(std::uint64_t begin, std::span<std::byte> to);
};

// The parts that lie in the chunk, with zeros between them.  begin: of the chunk in the file.
void PackedFileWriter::State::fill(std::uint64_t begin, std::span<std::byte> to) {
  const std::uint64_t end = begin + to.size();
  std::memset(to.data(), 0, to.size());
  for (; part < table.parts.size() && table.parts[part].offset < end; ++part) {
    const std::uint64_t part_begin = table.parts[part].offset;
    const std::uint64_t part_end = part_begin + table.parts[part].bytes;
    const std::uint64_t first = std::max(part_begin, begin);
    const std::uint64_t last = std::min(part_end, end);
    if (first < last) {
      std::memcpy(to.data() + (first - begin), packed[part].data() + (first - part_begin),
                  static_cast<std::size_t>(last - first));
    }
    if (part_end > end) return;  // goes on in the next chunk
  }
}

Result<PackedFileWriter> PackedFileWriter::begin(const std::string& path, const PackedKey& key, PackedTable table,
                                                 std::vector<std::span<const std::byte>> packed) {
  SIXFOLD_CHECK(packed.size() == table.parts.size());
  SIXFOLD_TRY(PartFile file, PartFile::begin(path));
  SIXFOLD_TRY_STATUS(file.reserve(table.file_bytes));
  return PackedFileWriter(std::unique_ptr<State>(new State{.file = std::move(file),
                                                           .key = key,
                                                           .table = std::move(table),
                                                           .packed = std::move(packed),
                                                           .buffer = std::vector<std::byte>(kPackedChunkBytes)}));
}

PackedFileWriter::PackedFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackedFileWriter::PackedFileWriter(PackedFileWriter&&) noexcept = default;
PackedFileWriter::~PackedFileWriter() = default;

const FileIdentity& PackedFileWriter::identity() const {
  return state_->identity;
}

Result<bool> PackedFileWriter::write_some() {
  State& state = *state_;
  PackedTable& table = state.table;
  if (state.chunk == table.chunk_hashes.size()) {
    SIXFOLD_TRY_STATUS(state.file.write_at(0, make_packed_head(table, state.key)));
    SIXFOLD_TRY(state.identity, state.file.commit());
    return true;
  }
  const std::uint64_t begin = table.data_begin + state.chunk * kPackedChunkBytes;
  const auto bytes = static_cast<std::size_t>(std::min(kPackedChunkBytes, table.file_bytes - begin));
  const std::span<std::byte> chunk = std::span(state.buffer).first(bytes);
  state.fill(begin, chunk);
  table.chunk_hashes[state.chunk] = fast_hash(chunk, state.chunk);
  SIXFOLD_TRY_STATUS(state.file.write_at(begin, chunk));
  ++state.chunk;
  return false;
}

}  // namespace sixfold::model
