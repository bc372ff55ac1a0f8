// Large files that are written in place.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"

namespace sixfold {

// Writes all of `bytes` to an open file.  path: for messages.  Any number of threads, as long as ranges are apart.
// Errors: those of write_error.
Status write_at(int file, const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes);

// Makes the file `bytes` long and takes the room on the disk, before gigabytes are written.  Errors: the same.
Status reserve_room(int file, const std::string& path, std::uint64_t bytes);

}  // namespace sixfold
