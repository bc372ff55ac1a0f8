// Any bytes as the head of a packed file, its hash made right so that the checks behind it are reached: refused, or
// parts that lie inside the file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/fast_hash.h"
#include "kernels/packed_layout.h"
#include "model/packed_file.h"
#include "model/verified_note.h"

using namespace sixfold;

namespace {

constexpr model::PackedKey kKey = {1, 2};
// Offsets in the header; packed_file.h lists its fields.
constexpr std::size_t kFileBytesAt = 32;
constexpr std::size_t kHeadBytesAt = 40;
constexpr std::size_t kHashAt = 56;
constexpr std::size_t kFileBytes = (std::size_t{2} * model::kPackedChunkBytes) + 100;

template <class T>
void put(std::vector<std::byte>& file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

void make_right(std::vector<std::byte>& file) {
  std::memcpy(file.data(), "SIXFPACK", 8);
  put(file, 8, std::uint32_t{1});
  put(file, 12, kernels::kPackedLayoutVersion);
  for (std::size_t i = 0; i < kKey.size(); ++i) put(file, 16 + 8 * i, kKey[i]);
  put(file, kFileBytesAt, std::uint64_t{file.size()});
  std::uint64_t head_bytes = 0;
  std::memcpy(&head_bytes, file.data() + kHeadBytesAt, sizeof head_bytes);
  head_bytes %= std::size_t{1} << 20;
  put(file, kHeadBytesAt, head_bytes);
  if (head_bytes < kHashAt + 8) return;
  const auto head = std::span(file).first(static_cast<std::size_t>(head_bytes));
  put(file, kHashAt, fast_hash(head.subspan(kHashAt + 8), fast_hash(head.first(kHashAt))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(model::read_packed_head(std::as_bytes(std::span(data, size)), kKey));
  // A note carries a hash that no fuzzer finds.
  if (model::tells_of(std::as_bytes(std::span(data, size)), {.inode = 1}, std::int64_t{1} << 40)) std::abort();
  static std::vector<std::byte> file(kFileBytes);
  std::fill_n(file.begin(), std::size_t{1} << 20, std::byte{0});
  std::memcpy(file.data(), data, std::min(size, std::size_t{1} << 20));
  make_right(file);
  const auto table = model::read_packed_head(file, kKey);
  if (!table.is_ok()) {
    if (table.error().message.empty()) std::abort();
    return 0;
  }
  for (const model::PackedPart& part : table->parts) {
    if (part.offset < table->data_begin || part.offset > file.size() || part.bytes > file.size() - part.offset) {
      std::abort();
    }
  }
  if (table->chunk_hashes.size() > file.size() / model::kPackedChunkBytes + 1) std::abort();
  return 0;
}
