// The file in which packed weights wait for the next start.  Every field is checked before it is used, and every byte
// against a hash: what lies in a cache folder is taken for hostile until then.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/file_map.h"
#include "core/result.h"
#include "kernels/worker_pool.h"
#include "tensor/dtype.h"

namespace sixfold::model {

// Names what was packed.  Two files of one key hold the same bytes.
using PackedKey = std::array<std::uint64_t, 2>;

// One matrix in the file.
struct PackedPart {
  std::string name;         // of the tensor
  std::uint32_t slice = 0;  // of a tensor that holds several matrices
  DType dtype = DType::kF32;
  std::uint64_t rows = 0;
  std::uint64_t cols = 0;
  std::uint64_t offset = 0;  // in the file; a multiple of kPackedPartAlignment
  std::uint64_t bytes = 0;
};

inline constexpr std::uint64_t kPackedPartAlignment = 4096;
// Data are hashed and written in chunks of this size, which begin at multiples of it: two huge pages, so that the
// operating system's cache of the file can be made of huge pages too.
inline constexpr std::uint64_t kPackedChunkBytes = std::uint64_t{4} << 20;

// File, little-endian:
//   header   magic "SIXFPACK", file version u32, packed layout version u32, key u64[2], file bytes u64, head bytes u64,
//            parts u32, chunks u32, head hash u64 (of the head without this field)
//   parts    name bytes u32, name, slice u32, dtype u32, rows u64, cols u64, offset u64, bytes u64
//   chunks   hash u64 of each
//   data     from the next multiple of the chunk size to the end of the file
// Head = header, parts and chunks.
struct PackedTable {
  std::vector<PackedPart> parts;
  std::vector<std::uint64_t> chunk_hashes;
  std::uint64_t data_begin = 0;
  std::uint64_t file_bytes = 0;
};

// Gives the parts their offsets, and the table its size; the hashes are zero.
// Errors: invalid_argument (more parts or longer names than a reader accepts).
Result<PackedTable> plan_packed_file(std::vector<PackedPart> parts);

// The bytes before data_begin that describe `table`.
std::vector<std::byte> make_packed_head(const PackedTable& table, const PackedKey& key);

// Reads the head of a whole file.  Allocates no more than a small multiple of the head.
// Errors: corrupt_data, saying which field; invalid_argument when it is a file of another key or version.
Result<PackedTable> read_packed_head(std::span<const std::byte> file, const PackedKey& key);

// Compares all data with their hashes, on all threads of the pool, and so brings them into memory.
// Cost: one pass at the speed of memory.  Errors: corrupt_data.
Status check_packed_data(std::span<const std::byte> file, const PackedTable& table, kernels::WorkerPool& pool);

// Writes a file chunk by chunk; it appears at its path whole or not at all, readable by this user only.
// One thread at a time.  Dropped before the end, it leaves nothing behind.
class PackedFileWriter {
 public:
  // packed: the bytes of each part of the table; they must outlive the writer.  A second writer of one path, in this
  // process or another, is refused.  Errors: already_exists, not_found, permission_denied, resource_exhausted (disk
  // full), internal.
  static Result<PackedFileWriter> begin(const std::string& path, const PackedKey& key, PackedTable table,
                                        std::vector<std::span<const std::byte>> packed);
  PackedFileWriter(PackedFileWriter&&) noexcept;
  PackedFileWriter& operator=(PackedFileWriter&&) = delete;
  ~PackedFileWriter();

  // Writes the next chunk, or the head once all are written: then the file is there, and the result is true.
  // Errors: as begin.
  Result<bool> write_some();

  // Of the file that is there, once write_some has said so.
  const FileIdentity& identity() const;

 private:
  struct State;
  explicit PackedFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sixfold::model
