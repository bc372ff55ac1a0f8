// A file that is being downloaded in parts, and the note beside it that lets another process go on.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace sixfold::registry {

// Bytes [begin, end) of the file, of which the first `done` are written.
struct Part {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::atomic<std::uint64_t> done{0};

  Part(std::uint64_t from, std::uint64_t to, std::uint64_t written = 0) : begin(from), end(to), done(written) {}
  Part(const Part& other) : begin(other.begin), end(other.end), done(other.done.load()) {}
  bool is_done() const { return done.load() == end - begin; }
};

// What was downloaded, and of what.
struct PartialState {
  std::uint64_t bytes = 0;  // of the whole file
  std::string validator;    // a strong entity tag, or ""
  std::vector<Part> parts;  // ascending, without gaps, from 0 to bytes
};

// write() is for any thread; the rest for one.
class PartialFile {
 public:
  // Opens or creates `path`; the note is `path`.json.  Not through a symbolic link.
  static Result<PartialFile> open(const std::string& path);

  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile();

  // What an earlier process noted; nothing when there is no sound note or the file does not fit it.
  std::optional<PartialState> read_note() const;
  Status write_note(const PartialState& state) const;

  // Empties the file and removes the note.
  Status restart();
  // Takes the room on the disk.  Errors: resource_exhausted (disk full).
  Status reserve(std::uint64_t bytes);
  Status write(std::uint64_t offset, std::span<const std::byte> bytes) const;
  Status truncate(std::uint64_t bytes) const;
  // Fills `into`, or less at the end of the file.
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const;
  Status sync() const;
  const std::string& path() const { return path_; }

  // Removes file and note.
  void remove() const;
  void remove_note() const;

 private:
  PartialFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_;
};

}  // namespace sixfold::registry
