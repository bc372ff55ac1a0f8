// The table of sections, then the names that its rows point to.
#include "deploy/oci/elf_section.h"

#include <cstring>
#include <optional>
#include <vector>

namespace sixfold::deploy::oci {
namespace {

constexpr std::size_t kHeaderBytes = 64, kRowBytes = 64;
constexpr std::size_t kRowsMax = 4096;
constexpr std::uint64_t kNamesBytesMax = 1u << 20;
constexpr std::uint32_t kHasNoBytes = 8;  // a section that is only room in memory

// Where numbers stand in the file's header, and in a row of the table.
constexpr std::size_t kTableAt = 40, kRowSizeAt = 58, kRowCountAt = 60, kNamesRowAt = 62;
constexpr std::size_t kNameAt = 0, kKindAt = 4, kOffsetAt = 24, kBytesAt = 32;

template <class T>
T number_at(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

std::vector<std::byte> read(const ElfBytes& file, FileRange range, std::uint64_t bytes_max) {
  if (range.bytes > bytes_max || range.offset > file.size || range.bytes > file.size - range.offset) return {};
  std::vector<std::byte> out(range.bytes);
  if (!file.read(range.offset, out).is_ok()) out.clear();
  return out;
}

FileRange range_of(std::span<const std::byte> row) {
  return {number_at<std::uint64_t>(row, kOffsetAt), number_at<std::uint64_t>(row, kBytesAt)};
}

}  // namespace

FileRange find_section(const ElfBytes& bytes, std::string_view name) {
  const std::vector<std::byte> header = read(bytes, {0, kHeaderBytes}, kHeaderBytes);
  if (header.empty()) return {};
  const std::size_t count = number_at<std::uint16_t>(header, kRowCountAt);
  const std::size_t names_row = number_at<std::uint16_t>(header, kNamesRowAt);
  if (number_at<std::uint16_t>(header, kRowSizeAt) != kRowBytes || count > kRowsMax || names_row >= count) return {};
  const std::vector<std::byte> table =
      read(bytes, {number_at<std::uint64_t>(header, kTableAt), count * kRowBytes}, kRowsMax * kRowBytes);
  if (table.empty()) return {};
  const auto row = [&](std::size_t index) { return std::span(table).subspan(index * kRowBytes, kRowBytes); };
  const std::vector<std::byte> texts = read(bytes, range_of(row(names_row)), kNamesBytesMax);
  const std::string_view names(reinterpret_cast<const char*>(texts.data()), texts.size());
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t at = number_at<std::uint32_t>(row(index), kNameAt);
    if (at >= names.size() || number_at<std::uint32_t>(row(index), kKindAt) == kHasNoBytes) continue;
    if (names.substr(at, names.find('\0', at) - at) != name) continue;
    const FileRange range = range_of(row(index));
    const bool is_inside = range.offset <= bytes.size && range.bytes <= bytes.size - range.offset;
    return is_inside ? range : FileRange{};
  }
  return {};
}

}  // namespace sixfold::deploy::oci
