// Reads and makes the head of a packed file, and checks its data.
#include "model/packed_file.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/fast_hash.h"
#include "formats/byte_reader.h"
#include "kernels/packed_layout.h"

namespace sixfold::model {
namespace {

constexpr std::uint64_t kMagic = 0x4b43415046584953;  // "SIXFPACK" as little-endian bytes
constexpr std::uint32_t kFileVersion = 1;
constexpr std::uint64_t kHashBytes = 8;
constexpr std::uint64_t kHeaderBytes = 8 + 4 + 4 + 16 + 8 + 8 + 4 + 4 + kHashBytes;
constexpr std::uint64_t kHeadHashAt = kHeaderBytes - kHashBytes;
constexpr std::uint64_t kPartBytes = 4 + 4 + 4 + 4 * 8;  // and the name
constexpr std::uint32_t kNameBytesMax = 256;
constexpr std::uint32_t kPartsMax = 1u << 20;
constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 44;

std::uint64_t aligned(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

std::uint64_t chunk_count(std::uint64_t data_bytes) {
  return (data_bytes + kPackedChunkBytes - 1) / kPackedChunkBytes;
}

class HeadWriter {
 public:
  template <class T>
  void put(T number) {
    const auto* from = reinterpret_cast<const std::byte*>(&number);
    bytes_.insert(bytes_.end(), from, from + sizeof number);
  }
  void put_text(const std::string& text) {
    const auto* from = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), from, from + text.size());
  }
  std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// The hash field counts as zero.
std::uint64_t head_hash(std::span<const std::byte> head) {
  return fast_hash(head.subspan(kHeaderBytes), fast_hash(head.first(kHeadHashAt)));
}

std::uint64_t head_bytes_of(const PackedTable& table) {
  std::uint64_t bytes = kHeaderBytes + table.chunk_hashes.size() * kHashBytes;
  for (const PackedPart& part : table.parts) bytes += kPartBytes + part.name.size();
  return bytes;
}

struct Header {
  std::uint64_t file_bytes = 0;
  std::uint64_t head_bytes = 0;
  std::uint32_t parts = 0;
  std::uint32_t chunks = 0;
};

// What is wrong with the header, or nothing.
Result<Header> read_header(std::span<const std::byte> file, const PackedKey& key) {
  formats::ByteReader reader(file);
  const auto u64 = [&reader] { return reader.read<std::uint64_t>().value(); };
  const auto u32 = [&reader] { return reader.read<std::uint32_t>().value(); };
  if (file.size() < kHeaderBytes) return corrupt_data("want at least {} bytes, got {}", kHeaderBytes, file.size());
  if (u64() != kMagic) return corrupt_data("not a file of packed weights");
  const std::uint32_t version = u32();
  if (version != kFileVersion) return invalid_argument("file version: want {}, got {}", kFileVersion, version);
  const std::uint32_t layout = u32();
  if (layout != kernels::kPackedLayoutVersion) {
    return invalid_argument("layout version: want {}, got {}", kernels::kPackedLayoutVersion, layout);
  }
  if (PackedKey{u64(), u64()} != key) return invalid_argument("made from another model");
  Header header;
  header.file_bytes = u64();
  header.head_bytes = u64();
  header.parts = u32();
  header.chunks = u32();
  if (header.file_bytes != file.size()) {
    return corrupt_data("want {} bytes, got {}", header.file_bytes, file.size());
  }
  if (header.head_bytes > file.size() || header.head_bytes < kHeaderBytes) {
    return corrupt_data("head of {} bytes in a file of {}", header.head_bytes, file.size());
  }
  if (u64() != head_hash(file.first(static_cast<std::size_t>(header.head_bytes)))) {
    return corrupt_data("the head does not match its hash");
  }
  const std::uint64_t room = header.head_bytes - kHeaderBytes;
  if (header.parts > room / kPartBytes || header.chunks > (room - header.parts * kPartBytes) / kHashBytes) {
    return corrupt_data("{} parts and {} chunks in a head of {} bytes", header.parts, header.chunks, header.head_bytes);
  }
  return header;
}

Result<PackedPart> read_part(formats::ByteReader& reader, const PackedTable& table) {
  const auto damaged = [] { return corrupt_data("a part reaches past the head"); };
  PackedPart part;
  const auto name_bytes = reader.read<std::uint32_t>();
  if (!name_bytes || *name_bytes > kNameBytesMax) return damaged();
  const auto name = reader.read_text(*name_bytes);
  if (!name || reader.remaining() < kPartBytes - 4) return damaged();
  part.name = std::string(*name);
  part.slice = *reader.read<std::uint32_t>();
  const auto dtype = dtype_from_gguf(*reader.read<std::uint32_t>());
  part.rows = *reader.read<std::uint64_t>();
  part.cols = *reader.read<std::uint64_t>();
  part.offset = *reader.read<std::uint64_t>();
  part.bytes = *reader.read<std::uint64_t>();
  if (!dtype) return corrupt_data("a part of an unknown type");
  part.dtype = *dtype;
  if (part.offset % kPackedPartAlignment != 0 || part.offset < table.data_begin || part.offset > table.file_bytes ||
      part.bytes > table.file_bytes - part.offset) {
    return corrupt_data("a part of {} bytes at {}, want it within {} to {}", part.bytes, part.offset, table.data_begin,
                        table.file_bytes);
  }
  return part;
}

}  // namespace

Result<PackedTable> plan_packed_file(std::vector<PackedPart> parts) {
  if (parts.size() > kPartsMax) return invalid_argument("{} packed matrices, want at most {}", parts.size(), kPartsMax);
  PackedTable table;
  std::uint64_t data_bytes = 0;
  for (PackedPart& part : parts) {
    if (part.name.size() > kNameBytesMax) return invalid_argument("a tensor name of {} bytes", part.name.size());
    part.offset = data_bytes;
    if (part.bytes > kFileBytesMax - data_bytes) return invalid_argument("more than {} packed bytes", kFileBytesMax);
    data_bytes = aligned(data_bytes + part.bytes, kPackedPartAlignment);
  }
  table.parts = std::move(parts);
  table.chunk_hashes.resize(static_cast<std::size_t>(chunk_count(data_bytes)));
  table.data_begin = aligned(head_bytes_of(table), kPackedChunkBytes);
  table.file_bytes = table.data_begin + data_bytes;
  for (PackedPart& part : table.parts) part.offset += table.data_begin;
  return table;
}

std::vector<std::byte> make_packed_head(const PackedTable& table, const PackedKey& key) {
  HeadWriter out;
  out.put(kMagic);
  out.put(kFileVersion);
  out.put(kernels::kPackedLayoutVersion);
  for (const std::uint64_t word : key) out.put(word);
  out.put(table.file_bytes);
  out.put(head_bytes_of(table));
  out.put(static_cast<std::uint32_t>(table.parts.size()));
  out.put(static_cast<std::uint32_t>(table.chunk_hashes.size()));
  out.put(std::uint64_t{0});  // the hash comes when the rest is there
  for (const PackedPart& part : table.parts) {
    out.put(static_cast<std::uint32_t>(part.name.size()));
    out.put_text(part.name);
    out.put(part.slice);
    out.put(static_cast<std::uint32_t>(part.dtype));
    for (const std::uint64_t number : {part.rows, part.cols, part.offset, part.bytes}) out.put(number);
  }
  for (const std::uint64_t hash : table.chunk_hashes) out.put(hash);
  std::vector<std::byte> head = std::move(out).take();
  const std::uint64_t hash = head_hash(head);
  std::memcpy(head.data() + kHeadHashAt, &hash, sizeof hash);
  return head;
}

Result<PackedTable> read_packed_head(std::span<const std::byte> file, const PackedKey& key) {
  SIXFOLD_TRY(const Header header, read_header(file, key));
  PackedTable table;
  table.file_bytes = header.file_bytes;
  table.data_begin = aligned(header.head_bytes, kPackedChunkBytes);
  if (table.data_begin > table.file_bytes || chunk_count(table.file_bytes - table.data_begin) != header.chunks) {
    return corrupt_data("{} chunks from {} to {}", header.chunks, table.data_begin, table.file_bytes);
  }
  const auto head = file.first(static_cast<std::size_t>(header.head_bytes)).subspan(kHeaderBytes);
  formats::ByteReader reader(head);
  table.parts.reserve(header.parts);
  for (std::uint32_t i = 0; i < header.parts; ++i) {
    SIXFOLD_TRY(PackedPart part, read_part(reader, table));
    table.parts.push_back(std::move(part));
  }
  if (reader.remaining() != header.chunks * kHashBytes) {
    return corrupt_data("{} bytes behind the parts, want {}", reader.remaining(), header.chunks * kHashBytes);
  }
  table.chunk_hashes.resize(header.chunks);
  for (std::uint64_t& hash : table.chunk_hashes) hash = *reader.read<std::uint64_t>();
  return table;
}

Status check_packed_data(std::span<const std::byte> file, const PackedTable& table, kernels::WorkerPool& pool) {
  const auto data = file.subspan(static_cast<std::size_t>(table.data_begin));
  std::atomic<bool> is_damaged{false};
  pool.for_tasks(table.chunk_hashes.size(), [&](std::size_t chunk, std::size_t) {
    const std::size_t begin = chunk * kPackedChunkBytes;
    const auto part = data.subspan(begin, std::min<std::size_t>(kPackedChunkBytes, data.size() - begin));
    if (fast_hash(part, chunk) != table.chunk_hashes[chunk]) is_damaged.store(true, std::memory_order_relaxed);
  });
  if (is_damaged) return corrupt_data("the data do not match their hash");
  return ok();
}

}  // namespace sixfold::model
