// Makes, reads and writes notes.  A torn or foreign note is none: it carries its own hash.
#include "model/verified_note.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "core/error.h"
#include "core/fast_hash.h"
#include "core/write_error.h"

namespace sixfold::model {
namespace {

constexpr std::uint64_t kMagic = 0x45544f4e46584953;  // "SIXFNOTE" as little-endian bytes
constexpr std::uint64_t kVersion = 1;

// Between two questions whether to go on: a tenth of a second of a slow disk.
constexpr std::uint64_t kSyncBytes = std::uint64_t{16} << 20;

using Words = std::array<std::uint64_t, kNoteBytes / 8>;

struct OpenFile {
  int number;
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
};

Words words_of(const FileIdentity& file, std::int64_t checked_seconds) {
  Words words = {kMagic,
                 kVersion,
                 file.device,
                 file.inode,
                 file.bytes,
                 static_cast<std::uint64_t>(file.modified_ns),
                 static_cast<std::uint64_t>(file.changed_ns),
                 static_cast<std::uint64_t>(checked_seconds),
                 0};
  words.back() = fast_hash(std::as_bytes(std::span(words)).first(kNoteBytes - 8));
  return words;
}

// Piece by piece, because one call for gigabytes could not be told to stop.
Status bring_to_disk(int file, const std::string& path, std::uint64_t bytes, const std::function<bool()>& may_go_on) {
  for (std::uint64_t begin = 0; begin < bytes; begin += kSyncBytes) {
    if (!may_go_on()) return unavailable("{}: stopped before it was on the disk", path);
    // Where this is not supported, the call below takes the whole time.
    ::sync_file_range(file, static_cast<off_t>(begin), static_cast<off_t>(std::min(kSyncBytes, bytes - begin)),
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  }
  if (::fdatasync(file) != 0) return write_error(path, "sync");
  return ok();
}

// The file system's clock moves in steps of some milliseconds.  Only when it has moved past the file's last change,
// every later one shows.  False when it did not: somebody has turned the clock back.
bool wait_for_next_step(std::int64_t changed_ns, const std::function<bool()>& may_go_on) {
  constexpr int kWaitsMax = 50;
  constexpr timespec kWait{.tv_sec = 0, .tv_nsec = 2'000'000};
  for (int i = 0; i < kWaitsMax; ++i) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // the one that files are stamped by
    if (std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec > changed_ns) return true;
    if (!may_go_on()) return false;
    ::nanosleep(&kWait, nullptr);
  }
  return false;
}

// In place: two processes write the same bytes or, at another second, a note that is as true.
Status write_note(const std::string& path, const Words& words) {
  const OpenFile note{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (note.number < 0) return write_error(path, "create");
  if (::pwrite(note.number, words.data(), kNoteBytes, 0) != static_cast<ssize_t>(kNoteBytes) ||
      ::ftruncate(note.number, kNoteBytes) != 0) {
    return write_error(path, "write");
  }
  return ok();
}

}  // namespace

std::string note_path(const std::string& packed_path) {
  return packed_path + ".whole";
}

bool tells_of(std::span<const std::byte> note, const FileIdentity& file, std::int64_t now_seconds) {
  Words words{};
  if (note.size() != kNoteBytes) return false;
  std::memcpy(words.data(), note.data(), kNoteBytes);
  const auto checked_seconds = static_cast<std::int64_t>(words[words.size() - 2]);
  if (checked_seconds > now_seconds || checked_seconds < now_seconds - kNoteSecondsMax) return false;
  return words == words_of(file, checked_seconds);
}

bool is_noted_whole(const std::string& packed_path, const FileIdentity& file, const Clock& clock) {
  const std::string path = note_path(packed_path);
  const auto note = FileMap::open_private(path);
  if (!note.is_ok() || !tells_of(note->bytes(), file, clock.unix_seconds())) return false;
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // in vain in a folder that is only read
  return true;
}

Status note_whole(const std::string& packed_path, const FileIdentity& file, const Clock& clock,
                  const std::function<bool()>& may_go_on) {
  const OpenFile packed{::open(packed_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (packed.number < 0) return write_error(packed_path, "open");
  const std::int64_t checked_seconds = clock.unix_seconds();
  SIXFOLD_TRY_STATUS(bring_to_disk(packed.number, packed_path, file.bytes, may_go_on));
  if (!wait_for_next_step(file.changed_ns, may_go_on)) return unavailable("{}: changed just now", packed_path);
  SIXFOLD_TRY(const FileIdentity now, identify_file(packed.number, packed_path));
  if (now != file) return invalid_argument("{}: changed since it was checked", packed_path);
  return write_note(note_path(packed_path), words_of(file, checked_seconds));
}

}  // namespace sixfold::model
