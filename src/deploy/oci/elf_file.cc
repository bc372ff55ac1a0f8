// Every offset is held against the size of the file before anything is read there.
#include "deploy/oci/elf_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/error.h"
#include "deploy/oci/elf_section.h"
#include "registry/builtin_model.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kSegmentBytes = 56;
constexpr std::size_t kDynamicBytes = 16;
constexpr std::size_t kSegmentsMax = 512;
constexpr std::size_t kDynamicsMax = 4096;
constexpr std::uint64_t kTextsBytesMax = 16u << 20;
constexpr std::size_t kNameBytesMax = 4096;
constexpr std::size_t kNamesMax = 1024;

// Where numbers stand in the file's header.
constexpr std::size_t kMachineAt = 18, kSegmentsAt = 32, kSectionsAt = 40, kSegmentSizeAt = 54, kSegmentCountAt = 56,
                      kSectionCountAt = 60, kSectionNamesAt = 62;

enum Machine : std::uint16_t { kAmd64 = 62, kArm64 = 183 };
enum SegmentKind : std::uint32_t { kLoad = 1, kDynamic = 2, kInterpreter = 3 };
enum Tag : std::uint64_t { kNeeded = 1, kTexts = 5, kTextsBytes = 10, kOldRunPath = 15, kRunPath = 29 };

template <class T>
T number_at(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

struct Segment {
  std::uint32_t kind;
  std::uint64_t offset, address, bytes;
};

class Parser {
 public:
  Parser(const ElfBytes& bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Result<ElfFile> parse() {
    SIXFOLD_TRY_STATUS(read_header());
    SIXFOLD_TRY_STATUS(read_segments());
    for (const Segment& segment : segments_) {
      if (segment.kind == kInterpreter) {
        SIXFOLD_TRY(const std::vector<std::byte> text, read(segment.offset, segment.bytes, kNameBytesMax));
        file_.interpreter = text_of(text, 0);
        if (!file_.interpreter.starts_with('/')) return corrupt_data("{}: loader: want an absolute path", name_);
      }
      if (segment.kind == kDynamic) SIXFOLD_TRY_STATUS(read_dynamic(segment));
    }
    // Not a byte of the header, which has been changed already.
    const FileRange model = find_section(bytes_, registry::kBuiltinModelSection);
    const bool is_loaded = model.offset >= kHeaderBytes && model.offset + model.bytes <= file_.loaded_bytes;
    if (is_loaded) file_.model = model;
    return std::move(file_);
  }

 private:
  Result<std::vector<std::byte>> read(std::uint64_t offset, std::uint64_t bytes, std::uint64_t bytes_max) {
    if (bytes > bytes_max || offset > bytes_.size || bytes > bytes_.size - offset) {
      return corrupt_data("{}: {} bytes at {} of a file of {}", name_, bytes, offset, bytes_.size);
    }
    std::vector<std::byte> out(bytes);
    SIXFOLD_TRY_STATUS(bytes_.read(offset, out));
    return out;
  }

  // Up to its zero; nothing behind the end.
  static std::string text_of(std::span<const std::byte> texts, std::uint64_t at) {
    if (at >= texts.size()) return {};
    const auto* begin = reinterpret_cast<const char*>(texts.data()) + at;
    return {begin, ::strnlen(begin, std::min<std::size_t>(texts.size() - at, kNameBytesMax))};
  }

  Status read_header() {
    constexpr std::string_view kMagic(
        "\x7f"
        "ELF\x02\x01",
        6);  // 64 bits, little-endian
    if (bytes_.size < kHeaderBytes) return invalid_argument("{}: want a program, got {} bytes", name_, bytes_.size);
    SIXFOLD_TRY(header_, read(0, kHeaderBytes, kHeaderBytes));
    if (std::memcmp(header_.data(), kMagic.data(), kMagic.size()) != 0) {
      return invalid_argument("{}: want a program for Linux on a 64-bit machine", name_);
    }
    const auto machine = number_at<std::uint16_t>(header_, kMachineAt);
    if (machine != kAmd64 && machine != kArm64) {
      return invalid_argument("{}: want a program for x86-64 or AArch64, got machine {}", name_, machine);
    }
    file_.architecture = machine == kAmd64 ? "amd64" : "arm64";
    file_.header.assign(reinterpret_cast<const char*>(header_.data()), header_.size());
    std::fill_n(file_.header.begin() + kSectionsAt, 8, '\0');
    std::fill_n(file_.header.begin() + kSectionCountAt, 2, '\0');
    std::fill_n(file_.header.begin() + kSectionNamesAt, 2, '\0');
    return ok();
  }

  Status read_segments() {
    const auto at = number_at<std::uint64_t>(header_, kSegmentsAt);
    const auto size = number_at<std::uint16_t>(header_, kSegmentSizeAt);
    const std::size_t count = number_at<std::uint16_t>(header_, kSegmentCountAt);
    if (size != kSegmentBytes || count == 0 || count > kSegmentsMax) {
      return corrupt_data("{}: want 1 to {} segments of {} bytes, got {} of {}", name_, kSegmentsMax, kSegmentBytes,
                          count, size);
    }
    SIXFOLD_TRY(const std::vector<std::byte> table, read(at, count * size, kSegmentsMax * kSegmentBytes));
    file_.loaded_bytes = std::max<std::uint64_t>(kHeaderBytes, at + table.size());
    for (std::size_t index = 0; index < count; ++index) {
      const auto row = std::span(table).subspan(index * kSegmentBytes, kSegmentBytes);
      const Segment segment{number_at<std::uint32_t>(row, 0), number_at<std::uint64_t>(row, 8),
                            number_at<std::uint64_t>(row, 16), number_at<std::uint64_t>(row, 32)};
      if (segment.offset > bytes_.size || segment.bytes > bytes_.size - segment.offset) {
        return corrupt_data("{}: segment {}: {} bytes at {} of a file of {}", name_, index, segment.bytes,
                            segment.offset, bytes_.size);
      }
      file_.loaded_bytes = std::max(file_.loaded_bytes, segment.offset + segment.bytes);
      segments_.push_back(segment);
    }
    return ok();
  }

  // Where the bytes of an address stand in the file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const Segment& segment : segments_) {
      if (segment.kind == kLoad && address >= segment.address && address - segment.address < segment.bytes) {
        return segment.offset + (address - segment.address);
      }
    }
    return std::nullopt;
  }

  Status read_dynamic(const Segment& segment) {
    SIXFOLD_TRY(const std::vector<std::byte> table, read(segment.offset, segment.bytes, kDynamicsMax * kDynamicBytes));
    std::uint64_t address = 0, bytes = 0;
    std::vector<std::uint64_t> needed, old_paths, paths;
    for (std::size_t at = 0; at + kDynamicBytes <= table.size(); at += kDynamicBytes) {
      const auto tag = number_at<std::uint64_t>(table, at);
      const auto value = number_at<std::uint64_t>(table, at + 8);
      if (tag == 0) break;
      if (tag == kTexts) address = value;
      if (tag == kTextsBytes) bytes = value;
      if (tag == kNeeded) needed.push_back(value);
      if (tag == kOldRunPath) old_paths.push_back(value);
      if (tag == kRunPath) paths.push_back(value);
    }
    if (needed.empty() && old_paths.empty() && paths.empty()) return ok();
    const auto offset = offset_of(address);
    if (!offset || needed.size() > kNamesMax) return corrupt_data("{}: its list of libraries is damaged", name_);
    SIXFOLD_TRY(const std::vector<std::byte> texts, read(*offset, bytes, kTextsBytesMax));
    for (const std::uint64_t at : needed) {
      std::string library = text_of(texts, at);
      if (library.empty() || library.find('/') != std::string::npos) {
        return corrupt_data("{}: needs \"{}\": want the name of a library", name_, library);
      }
      file_.needed.push_back(std::move(library));
    }
    // The newer kind takes the place of the older.
    for (const std::uint64_t at : paths.empty() ? old_paths : paths) {
      const std::string list = text_of(texts, at);
      for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(':', begin), list.size());
        if (end > begin) file_.run_paths.push_back(list.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    return ok();
  }

  const ElfBytes& bytes_;
  const std::string& name_;
  ElfFile file_;
  std::vector<std::byte> header_;
  std::vector<Segment> segments_;
};

}  // namespace

Result<ElfFile> parse_elf(const ElfBytes& bytes, const std::string& name) {
  return Parser(bytes, name).parse();
}

Result<ElfFile> read_elf(const registry::UploadFile& file) {
  return parse_elf(
      {file.bytes(), [&](std::uint64_t offset, std::span<std::byte> into) { return file.read(offset, into); }},
      file.path());
}

}  // namespace sixfold::deploy::oci
