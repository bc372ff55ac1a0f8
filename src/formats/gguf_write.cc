// Lays out a GGUF file: header, metadata and tensor descriptions as one block of bytes, then the tensors' own bytes.
#include "formats/gguf_write.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <unordered_set>

#include "core/error.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "formats/file_replacement.h"
#include "formats/gguf_layout.h"

namespace sixfold::formats {
namespace {

class ByteWriter {
 public:
  template <class T>
  void put(T number) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* bytes = reinterpret_cast<const std::byte*>(&number);
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof(T));
  }
  void put_type(GgufValueType type) { put(static_cast<std::uint32_t>(type)); }
  void put_string(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), bytes, bytes + text.size());
  }
  void pad_to(std::uint64_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.push_back(std::byte{0});
  }
  std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// How one kind of number is stored: in Narrow when every element survives, else in Wide.
template <class Wide, class Narrow>
struct NumberStorage {
  GgufValueType narrow_type, wide_type;

  static bool fits(Wide number) {
    if constexpr (std::is_floating_point_v<Wide>) {
      return number != number || static_cast<Wide>(static_cast<Narrow>(number)) == number;
    } else {
      return number >= std::numeric_limits<Narrow>::min() && number <= std::numeric_limits<Narrow>::max();
    }
  }

  void put_scalar(ByteWriter& out, Wide number) const {
    const bool is_narrow = fits(number);
    out.put_type(is_narrow ? narrow_type : wide_type);
    put_element(out, number, is_narrow);
  }

  void put_array(ByteWriter& out, const std::vector<Wide>& list) const {
    const bool is_narrow = std::all_of(list.begin(), list.end(), fits);
    out.put_type(GgufValueType::kArray);
    out.put_type(is_narrow ? narrow_type : wide_type);
    out.put(static_cast<std::uint64_t>(list.size()));
    for (const Wide number : list) put_element(out, number, is_narrow);
  }

 private:
  static void put_element(ByteWriter& out, Wide number, bool is_narrow) {
    if (is_narrow) {
      out.put(static_cast<Narrow>(number));
    } else {
      out.put(number);
    }
  }
};

constexpr NumberStorage<std::uint64_t, std::uint32_t> kUnsigned{GgufValueType::kUint32, GgufValueType::kUint64};
constexpr NumberStorage<std::int64_t, std::int32_t> kSigned{GgufValueType::kInt32, GgufValueType::kInt64};
constexpr NumberStorage<double, float> kFloating{GgufValueType::kFloat32, GgufValueType::kFloat64};

struct ValueWriter {
  ByteWriter& out;

  void operator()(std::uint64_t number) const { kUnsigned.put_scalar(out, number); }
  void operator()(std::int64_t number) const { kSigned.put_scalar(out, number); }
  void operator()(double number) const { kFloating.put_scalar(out, number); }
  void operator()(bool flag) const {
    out.put_type(GgufValueType::kBool);
    out.put(static_cast<std::uint8_t>(flag));
  }
  void operator()(const std::string& text) const {
    out.put_type(GgufValueType::kString);
    out.put_string(text);
  }
  void operator()(const std::vector<std::uint64_t>& list) const { kUnsigned.put_array(out, list); }
  void operator()(const std::vector<std::int64_t>& list) const { kSigned.put_array(out, list); }
  void operator()(const std::vector<double>& list) const { kFloating.put_array(out, list); }
  void operator()(const std::vector<bool>& list) const {
    begin_array(GgufValueType::kBool, list.size());
    for (const bool flag : list) out.put(static_cast<std::uint8_t>(flag));
  }
  void operator()(const StringArray& list) const {
    begin_array(GgufValueType::kString, list.size());
    for (const std::string_view text : list) out.put_string(text);
  }

 private:
  void begin_array(GgufValueType type, std::size_t count) const {
    out.put_type(GgufValueType::kArray);
    out.put_type(type);
    out.put(static_cast<std::uint64_t>(count));
  }
};

Status check_names(const GgufContents& contents) {
  std::unordered_set<std::string_view> keys;
  for (const MetadataEntry& entry : contents.metadata) {
    if (entry.key.empty() || entry.key.size() > kGgufKeyBytesMax || !is_valid_utf8(entry.key)) {
      return invalid_argument("metadata key: want 1 to {} bytes of UTF-8, got {} bytes", kGgufKeyBytesMax,
                              entry.key.size());
    }
    if (!keys.insert(entry.key).second) return invalid_argument("metadata {}: want one entry, got two", entry.key);
  }
  std::unordered_set<std::string_view> names;
  for (const TensorView& tensor : contents.tensors) {
    if (tensor.name.empty() || tensor.name.size() > kGgufTensorNameBytesMax || !is_valid_utf8(tensor.name)) {
      return invalid_argument("tensor name: want 1 to {} bytes of UTF-8, got {} bytes", kGgufTensorNameBytesMax,
                              tensor.name.size());
    }
    if (!names.insert(tensor.name).second) return invalid_argument("tensor {}: want one, got two", tensor.name);
  }
  return ok();
}

Status check_tensor(const TensorView& tensor) {
  const Shape& shape = tensor.shape;
  if (shape.rank < 1 || shape.rank > limits::kTensorRankMax) {
    return invalid_argument("tensor {}: want 1 to {} dimensions, got {}", tensor.name, limits::kTensorRankMax,
                            shape.rank);
  }
  const std::size_t row_elements = shape[shape.rank - 1];
  if (row_elements % dtype_info(tensor.dtype).block_elements != 0) {
    return invalid_argument("tensor {}: want rows of a multiple of {} elements, got {}", tensor.name,
                            dtype_info(tensor.dtype).block_elements, row_elements);
  }
  std::size_t bytes = row_bytes(tensor.dtype, row_elements);
  for (std::size_t axis = 0; axis + 1 < shape.rank; ++axis) bytes *= shape[axis];
  if (bytes == 0 || bytes != tensor.bytes.size()) {
    return invalid_argument("tensor {}: want {} bytes for shape {}, got {}", tensor.name, bytes, to_string(shape),
                            tensor.bytes.size());
  }
  return ok();
}

Result<std::uint64_t> find_alignment(const GgufContents& contents) {
  for (const MetadataEntry& entry : contents.metadata) {
    if (entry.key != kGgufAlignmentKey) continue;
    const auto* alignment = std::get_if<std::uint64_t>(&entry.value);
    if (alignment == nullptr || !std::has_single_bit(*alignment) || *alignment < kGgufAlignmentMin ||
        *alignment > kGgufAlignmentMax) {
      return invalid_argument("{}: want a power of two from {} to {}", kGgufAlignmentKey, kGgufAlignmentMin,
                              kGgufAlignmentMax);
    }
    return *alignment;
  }
  return kGgufAlignmentDefault;
}

std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Everything before the tensors' bytes, padded to the alignment.
Result<std::vector<std::byte>> make_head(const GgufContents& contents, std::uint64_t alignment) {
  SIXFOLD_TRY_STATUS(check_names(contents));
  ByteWriter out;
  out.put(kGgufMagic);
  out.put(kGgufVersionMax);
  out.put(static_cast<std::uint64_t>(contents.tensors.size()));
  out.put(static_cast<std::uint64_t>(contents.metadata.size()));
  for (const MetadataEntry& entry : contents.metadata) {
    out.put_string(entry.key);
    std::visit(ValueWriter{out}, entry.value);
  }
  std::uint64_t offset = 0;
  for (const TensorView& tensor : contents.tensors) {
    SIXFOLD_TRY_STATUS(check_tensor(tensor));
    out.put_string(tensor.name);
    out.put(static_cast<std::uint32_t>(tensor.shape.rank));
    for (std::size_t axis = tensor.shape.rank; axis-- > 0;) out.put(static_cast<std::uint64_t>(tensor.shape[axis]));
    out.put(static_cast<std::uint32_t>(tensor.dtype));
    out.put(offset);
    offset += padded(tensor.bytes.size(), alignment);
  }
  out.pad_to(alignment);
  return std::move(out).take();
}

}  // namespace

Result<std::vector<std::byte>> make_gguf(const GgufContents& contents) {
  SIXFOLD_TRY(const std::uint64_t alignment, find_alignment(contents));
  SIXFOLD_TRY(std::vector<std::byte> image, make_head(contents, alignment));
  for (const TensorView& tensor : contents.tensors) {
    image.insert(image.end(), tensor.bytes.begin(), tensor.bytes.end());
    image.resize(padded(image.size(), alignment));
  }
  return image;
}

Status write_gguf(const std::string& path, const GgufContents& contents) {
  SIXFOLD_TRY(const std::uint64_t alignment, find_alignment(contents));
  SIXFOLD_TRY(const std::vector<std::byte> head, make_head(contents, alignment));
  SIXFOLD_TRY(FileReplacement file, FileReplacement::begin(path));
  SIXFOLD_TRY_STATUS(file.write(head));
  const std::vector<std::byte> zeros(alignment);
  for (const TensorView& tensor : contents.tensors) {
    SIXFOLD_TRY_STATUS(file.write(tensor.bytes));
    const std::size_t size = tensor.bytes.size();
    SIXFOLD_TRY_STATUS(file.write(std::span(zeros).first(padded(size, alignment) - size)));
  }
  return file.commit();
}

}  // namespace sixfold::formats
