// Reads the fields of a protocol buffer message, one after the other.
// Source: protobuf.dev/programming-guides/encoding.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace sixfold::tokenizer {

// One field: a number, and either bytes or a value.
struct ProtoField {
  std::uint32_t number = 0;
  enum class Kind { kVarint, kFixed32, kFixed64, kBytes } kind = Kind::kVarint;
  std::uint64_t value = 0;  // of the first three
  std::string_view bytes;   // of the last

  // Numbers of other kinds than the one that a field has are nothing.
  std::optional<std::int64_t> integer() const;
  std::optional<float> number32() const;
};

// A view; the bytes must outlive it.  One thread.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : rest_(bytes), size_(bytes.size()) {}

  // Nothing at the end.  Errors: corrupt_data (cut, or a wire type that is not known).
  Result<std::optional<ProtoField>> next();

 private:
  Result<std::uint64_t> varint();
  Result<std::string_view> take(std::uint64_t bytes);
  std::size_t offset() const { return size_ - rest_.size(); }

  std::string_view rest_;
  std::size_t size_;
};

}  // namespace sixfold::tokenizer
