// A note beside a packed file: all of it matched its hashes, so that the next start need not read gigabytes again.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/file_map.h"
#include "core/result.h"

namespace sixfold::model {

// A note holds for a week.  Whoever writes to the file makes it another (FileIdentity); what a failing disk does to it
// is found by the next check, not never.
inline constexpr std::int64_t kNoteSecondsMax = 7 * 24 * 3600;

// Where the note of a packed file lies.
std::string note_path(const std::string& packed_path);

// True when a note tells of this very state of the file.  The note's time becomes now: the file was used.
bool is_noted_whole(const std::string& packed_path, const FileIdentity& file, const Clock& clock);

// Brings the file to the disk first: what was checked may lie in memory alone, and be lost with the power.  Then notes
// that all of `file` is right.  Asks may_go_on every now and then; takes less than a second after a no.
// Errors: unavailable (told not to go on), invalid_argument (another file by now), those of writing.
Status note_whole(const std::string& packed_path, const FileIdentity& file, const Clock& clock,
                  const std::function<bool()>& may_go_on);

// Note, little-endian: magic "SIXFNOTE", version u64, device u64, inode u64, bytes u64, modified_ns i64, changed_ns
// i64, checked i64 (seconds since 1970), hash u64 of all before.
inline constexpr std::size_t kNoteBytes = 9 * 8;

// True when the bytes are a note of this state of the file, not older than kNoteSecondsMax and not from the future.
bool tells_of(std::span<const std::byte> note, const FileIdentity& file, std::int64_t now_seconds);

}  // namespace sixfold::model
