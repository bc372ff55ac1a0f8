// The note is small JSON, replaced in one step; the data is written in place.
#include "registry/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cerrno>
#include <utility>

#include "core/json.h"
#include "core/limits.h"
#include "core/text_file.h"
#include "core/write_at.h"
#include "core/write_error.h"
#include "formats/file_replacement.h"

namespace sixfold::registry {
namespace {

constexpr std::uint64_t kNoteVersion = 1;
constexpr std::size_t kPartsMax = 1 << 16;

std::string note_path(const std::string& path) {
  return path + ".json";
}

// A note is only as good as the bytes it promises: nothing is believed that does not add up.
std::optional<PartialState> state_of(const json::object& note) {
  PartialState state;
  const auto bytes = count_at(note, "bytes");
  const json::array* parts = array_at(note, "parts");
  if (count_at(note, "version") != kNoteVersion || !bytes || *bytes > limits::kArtifactFileBytesMax ||
      parts == nullptr || parts->size() > kPartsMax) {
    return std::nullopt;
  }
  state.bytes = *bytes;
  state.validator = text_at(note, "validator");
  std::uint64_t at = 0;
  for (const json::value& item : *parts) {
    const json::object* part = item.if_object();
    if (part == nullptr) return std::nullopt;
    const auto end = count_at(*part, "end");
    const auto done = count_at(*part, "done");
    if (!end || !done || *end <= at || *end > state.bytes || *done > *end - at) return std::nullopt;
    state.parts.emplace_back(at, *end, *done);
    at = *end;
  }
  if (at != state.bytes) return std::nullopt;
  return state;
}

}  // namespace

Result<PartialFile> PartialFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return write_error(path, "open");
  return PartialFile(path, file);
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

PartialFile::~PartialFile() {
  if (file_ >= 0) ::close(file_);
}

std::optional<PartialState> PartialFile::read_note() const {
  const auto text = read_text_file(note_path(path_), limits::kStoreRecordBytesMax);
  if (!text.is_ok()) return std::nullopt;
  const auto note = parse_json_object(*text, path_);
  if (!note.is_ok()) return std::nullopt;
  auto state = state_of(*note);
  struct stat status {};
  if (!state || ::fstat(file_, &status) != 0 || static_cast<std::uint64_t>(status.st_size) != state->bytes) {
    return std::nullopt;
  }
  return state;
}

Status PartialFile::write_note(const PartialState& state) const {
  json::array parts;
  for (const Part& part : state.parts) parts.push_back(json::object{{"end", part.end}, {"done", part.done.load()}});
  const std::string text = json::serialize(json::object{
      {"version", kNoteVersion}, {"bytes", state.bytes}, {"validator", state.validator}, {"parts", std::move(parts)}});
  SIXFOLD_TRY(formats::FileReplacement note, formats::FileReplacement::begin(note_path(path_)));
  SIXFOLD_TRY_STATUS(note.write(std::as_bytes(std::span(text))));
  return note.commit();
}

Status PartialFile::restart() {
  remove_note();
  return truncate(0);
}

Status PartialFile::reserve(std::uint64_t bytes) {
  return reserve_room(file_, path_, bytes);
}

Status PartialFile::truncate(std::uint64_t bytes) const {
  return ::ftruncate(file_, static_cast<off_t>(bytes)) == 0 ? ok() : Status(write_error(path_, "truncate"));
}

Status PartialFile::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  return write_at(file_, path_, offset, bytes);
}

Result<std::size_t> PartialFile::read(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t count =
        ::pread(file_, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return write_error(path_, "read");
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

Status PartialFile::sync() const {
  return ::fsync(file_) == 0 ? ok() : Status(write_error(path_, "fsync"));
}

void PartialFile::remove() const {
  ::unlink(path_.c_str());
  remove_note();
}

void PartialFile::remove_note() const {
  ::unlink(note_path(path_).c_str());
}

}  // namespace sixfold::registry
