// Varints of at most ten bytes, and lengths that are checked before they are used.
#include "tokenizer/proto_reader.h"

#include <bit>

#include "core/error.h"

namespace sixfold::tokenizer {
namespace {

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

std::optional<std::int64_t> ProtoField::integer() const {
  if (kind != Kind::kVarint) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<float> ProtoField::number32() const {
  if (kind != Kind::kFixed32) return std::nullopt;
  return std::bit_cast<float>(static_cast<std::uint32_t>(value));
}

Result<std::uint64_t> ProtoReader::varint() {
  constexpr int kBytesMax = 10;
  std::uint64_t value = 0;
  for (int i = 0; i < kBytesMax; ++i) {
    SIXFOLD_TRY(const std::string_view byte, take(1));
    const auto bits = static_cast<unsigned char>(byte[0]);
    value |= std::uint64_t{bits & 0x7Fu} << (7 * i);
    if (bits < 0x80) return value;
  }
  return corrupt_data("byte {}: want a number of at most {} bytes", offset(), kBytesMax);
}

Result<std::string_view> ProtoReader::take(std::uint64_t bytes) {
  if (bytes > rest_.size()) return corrupt_data("byte {}: want {} more bytes, got {}", offset(), bytes, rest_.size());
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(taken.size());
  return taken;
}

Result<std::optional<ProtoField>> ProtoReader::next() {
  if (rest_.empty()) return std::optional<ProtoField>();
  SIXFOLD_TRY(const std::uint64_t tag, varint());
  ProtoField field;
  field.number = static_cast<std::uint32_t>(tag >> 3);
  switch (tag & 7) {
    case 0: {
      SIXFOLD_TRY(field.value, varint());
      return std::optional(field);
    }
    case 1: {
      SIXFOLD_TRY(const std::string_view bytes, take(8));
      field.kind = ProtoField::Kind::kFixed64;
      field.value = little_endian(bytes);
      return std::optional(field);
    }
    case 2: {
      SIXFOLD_TRY(const std::uint64_t length, varint());
      field.kind = ProtoField::Kind::kBytes;
      SIXFOLD_TRY(field.bytes, take(length));
      return std::optional(field);
    }
    case 5: {
      SIXFOLD_TRY(const std::string_view bytes, take(4));
      field.kind = ProtoField::Kind::kFixed32;
      field.value = little_endian(bytes);
      return std::optional(field);
    }
    default:
      return corrupt_data("byte {}: want wire type 0, 1, 2 or 5, got {}", offset(), tag & 7);
  }
}

}  // namespace sixfold::tokenizer
