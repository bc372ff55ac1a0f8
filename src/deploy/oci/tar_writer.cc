// Blocks of 512 bytes: a header, the content, zeros up to the next block.
#include "deploy/oci/tar_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;
constexpr std::uint64_t kUstarBytesMax = (std::uint64_t{1} << 33) - 1;  // eleven octal digits
constexpr std::size_t kNameMax = 100, kPrefixMax = 155;

using Block = std::array<char, kBlockBytes>;

// A field of the header.
struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12}, kTime{136, 12};
constexpr Field kChecksum{148, 8}, kKind{156, 1}, kMagic{257, 8}, kDeviceMajor{329, 8}, kDeviceMinor{337, 8};
constexpr Field kPrefix{345, 155};

void put(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.at, text.data(), std::min(text.size(), field.size));
}

void put_octal(Block& block, Field field, std::uint64_t value) {
  put(block, field, fmt::format("{:0{}o}", value, field.size - 1));
}

// The slash at which a path is divided between prefix and name; npos when it cannot be.
std::size_t split_of(std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (slash > kPrefixMax) break;
    if (slash > 0 && path.size() - slash - 1 <= kNameMax && slash + 1 < path.size()) return slash;
  }
  return std::string_view::npos;
}

bool fits(std::string_view path) {
  return path.size() <= kNameMax || split_of(path) != std::string_view::npos;
}

// "25 path=...\n": the number counts its own digits too.
std::string pax_record(std::string_view name, std::string_view value) {
  const std::size_t rest = name.size() + value.size() + 3;  // blank, '=', new line
  std::size_t size = rest + 1;
  while (std::to_string(size).size() + rest != size) ++size;
  return fmt::format("{} {}={}\n", size, name, value);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// bytes: those of a file from `at`.
void make_blank(std::span<std::byte> bytes, std::uint64_t at, const FileRange& blank) {
  const std::uint64_t begin = std::max(at, blank.offset);
  const std::uint64_t end = std::min(at + bytes.size(), blank.offset + blank.bytes);
  if (begin < end) std::ranges::fill(bytes.subspan(begin - at, end - begin), std::byte{0});
}

}  // namespace

TarContent text_content(std::string text) {
  const std::uint64_t bytes = text.size();
  return {.head = std::move(text), .bytes = bytes};
}

Status TarWriter::add_folder(std::string_view path, unsigned mode, unsigned owner) {
  const std::string with_slash = std::string(path) + "/";
  return add_header({with_slash, mode, owner, '5', 0});
}

Status TarWriter::add_file(std::string_view path, unsigned mode, const TarContent& content,
                           const std::function<bool()>& is_cancelled) {
  SIXFOLD_TRY_STATUS(add_header({path, mode, 0, '0', content.bytes}));
  if (content.hash != nullptr) content.hash->add(content.head);
  SIXFOLD_TRY_STATUS(sink_(bytes_of(content.head)));
  if (content.file != nullptr) {
    std::vector<std::byte> buffer(kCopyBytes);
    for (std::uint64_t at = content.head.size(); at < content.bytes;) {
      if (is_cancelled && is_cancelled()) return unavailable("{}: interrupted", path);
      const std::span part(buffer.data(), std::min<std::uint64_t>(buffer.size(), content.bytes - at));
      SIXFOLD_TRY_STATUS(content.file->read(at, part));
      make_blank(part, at, content.blank);
      if (content.hash != nullptr) content.hash->add(part);
      SIXFOLD_TRY_STATUS(sink_(part));
      at += part.size();
    }
  }
  return pad(content.bytes);
}

Status TarWriter::add_header(const Entry& entry) {
  std::string records;
  if (!fits(entry.path)) records += pax_record("path", entry.path);
  if (entry.bytes > kUstarBytesMax) records += pax_record("size", std::to_string(entry.bytes));
  if (!records.empty()) SIXFOLD_TRY_STATUS(add_pax_header(records));
  Block block{};
  const std::size_t slash = entry.path.size() <= kNameMax ? std::string_view::npos : split_of(entry.path);
  if (slash != std::string_view::npos) put(block, kPrefix, entry.path.substr(0, slash));
  put(block, kName, slash == std::string_view::npos ? entry.path : entry.path.substr(slash + 1));
  put_octal(block, kMode, entry.mode);
  put_octal(block, kOwner, entry.owner);
  put_octal(block, kGroup, entry.owner);
  put_octal(block, kSize, entry.bytes > kUstarBytesMax ? 0 : entry.bytes);
  put_octal(block, kTime, 0);
  put(block, kKind, {&entry.kind, 1});
  put(block, kMagic, {"ustar\00000", 8});
  put_octal(block, kDeviceMajor, 0);
  put_octal(block, kDeviceMinor, 0);
  put(block, kChecksum, "        ");
  unsigned sum = 0;
  for (const char byte : block) sum += static_cast<unsigned char>(byte);
  put(block, kChecksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return sink_(std::as_bytes(std::span(block)));
}

Status TarWriter::add_pax_header(std::string_view records) {
  SIXFOLD_TRY_STATUS(add_header({"pax_header", 0644, 0, 'x', records.size()}));
  SIXFOLD_TRY_STATUS(sink_(bytes_of(records)));
  return pad(records.size());
}

Status TarWriter::pad(std::uint64_t bytes) {
  static constexpr std::array<std::byte, kBlockBytes> kZeros{};
  const std::size_t past = bytes % kBlockBytes;
  return past == 0 ? ok() : sink_(std::span(kZeros).first(kBlockBytes - past));
}

Status TarWriter::finish() {
  static constexpr std::array<std::byte, 2 * kBlockBytes> kEnd{};
  return sink_(kEnd);
}

}  // namespace sixfold::deploy::oci
