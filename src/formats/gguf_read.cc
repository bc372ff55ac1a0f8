// Reads GGUF.  Every length, count, offset, type and alignment is checked before it is used or allocated for.
#include <algorithm>
#include <bit>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "formats/byte_reader.h"
#include "formats/checkpoint_builder.h"
#include "formats/gguf_layout.h"

namespace sixfold::formats {
namespace {

// The fewest bytes that an entry takes in the file; a count beyond remaining / this is a lie.
constexpr std::uint64_t kMetadataEntryBytesMin = 8 + 1 + 4 + 1;       // length, key, type, value
constexpr std::uint64_t kTensorInfoBytesMin = 8 + 1 + 4 + 8 + 4 + 8;  // length, name, rank, one dim, type, offset

struct TensorInfo {
  TensorView view;  // without bytes
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // bytes
};

std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

class GgufReader {
 public:
  GgufReader(std::span<const std::byte> bytes, std::string name)
      : bytes_(bytes), reader_(bytes), name_(std::move(name)) {}

  Result<Checkpoint> read();

 private:
  struct Header {
    std::uint32_t version = 0;
    std::uint64_t tensor_count = 0;
    std::uint64_t metadata_count = 0;
  };

  Result<Header> read_header();
  Result<MetadataEntry> read_metadata_entry();
  Result<MetadataValue> read_value(GgufValueType type, const std::string& where);
  Result<MetadataValue> read_array(const std::string& where);
  Result<MetadataValue> read_string_array(const std::string& where, std::uint64_t count);
  Result<std::uint64_t> read_alignment(const MetadataEntry& entry);
  Result<TensorInfo> read_tensor_info(std::uint64_t index, std::uint64_t alignment);
  Status read_shape(TensorInfo& info, const std::string& where);
  Status place_tensors(std::vector<TensorInfo>& infos, std::uint64_t data_start);

  Result<std::string_view> read_text(const std::string& where, std::uint64_t bytes_max);
  Result<std::string> read_string(const std::string& where, std::uint64_t bytes_max);
  template <class T>
  Result<T> read_number(const std::string& where);
  template <class Wide, class Stored>
  Result<MetadataValue> read_scalar(const std::string& where);
  template <class Wide, class Stored>
  Result<MetadataValue> read_number_array(const std::string& where, std::uint64_t count);

  Error ends_early(const std::string& where, std::uint64_t wanted_bytes) const {
    return corrupt_data("{}: {}: want {} bytes at offset {}, got {} to the end of the file", name_, where, wanted_bytes,
                        reader_.position(), reader_.remaining());
  }

  std::span<const std::byte> bytes_;
  ByteReader reader_;
  std::string name_;
  std::uint64_t array_elements_left_ = kGgufArrayElementsMax;
};

template <class T>
Result<T> GgufReader::read_number(const std::string& where) {
  const std::optional<T> number = reader_.read<T>();
  if (!number.has_value()) return ends_early(where, sizeof(T));
  return *number;
}

template <class Wide, class Stored>
Result<MetadataValue> GgufReader::read_scalar(const std::string& where) {
  SIXFOLD_TRY(const Stored number, read_number<Stored>(where));
  return MetadataValue(static_cast<Wide>(number));
}

template <class Wide, class Stored>
Result<MetadataValue> GgufReader::read_number_array(const std::string& where, std::uint64_t count) {
  if (count > reader_.remaining() / sizeof(Stored)) {
    return corrupt_data("{}: {}: want {} elements of {} bytes, got {} bytes to the end of the file", name_, where,
                        count, sizeof(Stored), reader_.remaining());
  }
  std::vector<Wide> list(static_cast<std::size_t>(count));
  for (Wide& element : list) element = static_cast<Wide>(*reader_.read<Stored>());
  return MetadataValue(std::move(list));
}

Result<std::string_view> GgufReader::read_text(const std::string& where, std::uint64_t bytes_max) {
  SIXFOLD_TRY(const std::uint64_t length, read_number<std::uint64_t>(where));
  if (length > bytes_max) {
    return corrupt_data("{}: {}: want a length of at most {} bytes, got {}", name_, where, bytes_max, length);
  }
  const std::optional<std::string_view> text = reader_.read_text(length);
  if (!text.has_value()) return ends_early(where, length);
  return *text;
}

Result<std::string> GgufReader::read_string(const std::string& where, std::uint64_t bytes_max) {
  SIXFOLD_TRY(const std::string_view text, read_text(where, bytes_max));
  return std::string(text);
}

Result<GgufReader::Header> GgufReader::read_header() {
  const std::optional<std::uint32_t> magic = reader_.read<std::uint32_t>();
  if (magic != kGgufMagic) {
    return corrupt_data("{}: not a GGUF file: want \"GGUF\" at its start, got {}", name_,
                        shown_text(ByteReader(bytes_).read_text(std::min<std::size_t>(bytes_.size(), 4)).value()));
  }
  Header header;
  SIXFOLD_TRY(header.version, read_number<std::uint32_t>("version"));
  if (header.version < kGgufVersionMin || header.version > kGgufVersionMax) {
    const bool is_big_endian = header.version != 0 && (header.version & 0xFFFF) == 0;
    return corrupt_data("{}: GGUF version: want {} to {}, got {}{}", name_, kGgufVersionMin, kGgufVersionMax,
                        header.version, is_big_endian ? " (a big-endian file)" : "");
  }
  SIXFOLD_TRY(header.tensor_count, read_number<std::uint64_t>("tensor count"));
  SIXFOLD_TRY(header.metadata_count, read_number<std::uint64_t>("metadata count"));
  const std::uint64_t tensors_max = std::min(limits::kGgufTensorsMax, reader_.remaining() / kTensorInfoBytesMin);
  if (header.tensor_count > tensors_max) {
    return corrupt_data("{}: tensor count: want at most {} in the {} bytes that follow, got {}", name_, tensors_max,
                        reader_.remaining(), header.tensor_count);
  }
  const std::uint64_t entries_max =
      std::min(limits::kGgufMetadataEntriesMax, reader_.remaining() / kMetadataEntryBytesMin);
  if (header.metadata_count > entries_max) {
    return corrupt_data("{}: metadata count: want at most {} in the {} bytes that follow, got {}", name_, entries_max,
                        reader_.remaining(), header.metadata_count);
  }
  return header;
}

Result<MetadataEntry> GgufReader::read_metadata_entry() {
  MetadataEntry entry;
  SIXFOLD_TRY(entry.key, read_string("metadata key", kGgufKeyBytesMax));
  if (entry.key.empty() || !is_valid_utf8(entry.key)) {
    return corrupt_data("{}: metadata key before offset {}: want UTF-8 text, got {}", name_, reader_.position(),
                        shown_text(entry.key));
  }
  const std::string where = "metadata " + shown_text(entry.key);
  SIXFOLD_TRY(const std::uint32_t type, read_number<std::uint32_t>(where));
  SIXFOLD_TRY(entry.value, read_value(static_cast<GgufValueType>(type), where));
  return entry;
}

Result<MetadataValue> GgufReader::read_value(GgufValueType type, const std::string& where) {
  using enum GgufValueType;
  switch (type) {
    case kUint8:
      return read_scalar<std::uint64_t, std::uint8_t>(where);
    case kInt8:
      return read_scalar<std::int64_t, std::int8_t>(where);
    case kUint16:
      return read_scalar<std::uint64_t, std::uint16_t>(where);
    case kInt16:
      return read_scalar<std::int64_t, std::int16_t>(where);
    case kUint32:
      return read_scalar<std::uint64_t, std::uint32_t>(where);
    case kInt32:
      return read_scalar<std::int64_t, std::int32_t>(where);
    case kFloat32:
      return read_scalar<double, float>(where);
    case kUint64:
      return read_scalar<std::uint64_t, std::uint64_t>(where);
    case kInt64:
      return read_scalar<std::int64_t, std::int64_t>(where);
    case kFloat64:
      return read_scalar<double, double>(where);
    case kBool: {
      SIXFOLD_TRY(const std::uint8_t byte, read_number<std::uint8_t>(where));
      if (byte > 1) return corrupt_data("{}: {}: want a boolean of 0 or 1, got {}", name_, where, byte);
      return MetadataValue(byte == 1);
    }
    case kString: {
      SIXFOLD_TRY(std::string text, read_string(where, limits::kGgufStringBytesMax));
      return MetadataValue(std::move(text));
    }
    case kArray:
      return read_array(where);
  }
  return corrupt_data("{}: {}: want a value type of at most {}, got {}", name_, where, kGgufValueTypes - 1,
                      static_cast<std::uint32_t>(type));
}

Result<MetadataValue> GgufReader::read_array(const std::string& where) {
  SIXFOLD_TRY(const std::uint32_t type, read_number<std::uint32_t>(where));
  SIXFOLD_TRY(const std::uint64_t count, read_number<std::uint64_t>(where));
  // The budget is for the whole file: memory stays within a small multiple of it, however the arrays are cut.
  if (count > array_elements_left_) {
    return corrupt_data("{}: {}: want at most {} array elements in the file, got {} here", name_, where,
                        kGgufArrayElementsMax, count);
  }
  array_elements_left_ -= count;
  using enum GgufValueType;
  switch (static_cast<GgufValueType>(type)) {
    case kUint8:
      return read_number_array<std::uint64_t, std::uint8_t>(where, count);
    case kInt8:
      return read_number_array<std::int64_t, std::int8_t>(where, count);
    case kUint16:
      return read_number_array<std::uint64_t, std::uint16_t>(where, count);
    case kInt16:
      return read_number_array<std::int64_t, std::int16_t>(where, count);
    case kUint32:
      return read_number_array<std::uint64_t, std::uint32_t>(where, count);
    case kInt32:
      return read_number_array<std::int64_t, std::int32_t>(where, count);
    case kFloat32:
      return read_number_array<double, float>(where, count);
    case kUint64:
      return read_number_array<std::uint64_t, std::uint64_t>(where, count);
    case kInt64:
      return read_number_array<std::int64_t, std::int64_t>(where, count);
    case kFloat64:
      return read_number_array<double, double>(where, count);
    case kBool: {
      const std::optional<std::string_view> flags = reader_.read_text(count);
      if (!flags.has_value()) return ends_early(where, count);
      std::vector<bool> list;
      list.reserve(flags->size());
      for (const char flag : *flags) {
        if (flag != 0 && flag != 1) return corrupt_data("{}: {}: want booleans of 0 or 1, got others", name_, where);
        list.push_back(flag == 1);
      }
      return MetadataValue(std::move(list));
    }
    case kString:
      return read_string_array(where, count);
    case kArray:  // no published model has one, and nothing here could use it
      return corrupt_data("{}: {}: want an array of numbers, booleans or strings, got an array of arrays", name_,
                          where);
  }
  return corrupt_data("{}: {}: want an element type of at most {}, got {}", name_, where, kGgufValueTypes - 1, type);
}

// Twice over the texts, so that all are checked before there is memory for them, and then come into one piece of it.
Result<MetadataValue> GgufReader::read_string_array(const std::string& where, std::uint64_t count) {
  if (count > reader_.remaining() / sizeof(std::uint64_t)) {
    return corrupt_data("{}: {}: want {} strings, got {} bytes to the end of the file", name_, where, count,
                        reader_.remaining());
  }
  ByteReader again = reader_;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    SIXFOLD_TRY(const std::string_view text, read_text(where, limits::kGgufStringBytesMax));
    bytes += text.size();
  }
  StringArray list;
  list.reserve(static_cast<std::size_t>(count), bytes);
  for (std::uint64_t i = 0; i < count; ++i) list.push_back(*again.read_text(*again.read<std::uint64_t>()));
  return MetadataValue(std::move(list));
}

Result<std::uint64_t> GgufReader::read_alignment(const MetadataEntry& entry) {
  const auto* alignment = std::get_if<std::uint64_t>(&entry.value);
  if (alignment == nullptr) {
    return corrupt_data("{}: {}: want an unsigned integer, got another kind of value", name_, kGgufAlignmentKey);
  }
  if (!std::has_single_bit(*alignment) || *alignment < kGgufAlignmentMin || *alignment > kGgufAlignmentMax) {
    return corrupt_data("{}: {}: want a power of two from {} to {}, got {}", name_, kGgufAlignmentKey,
                        kGgufAlignmentMin, kGgufAlignmentMax, *alignment);
  }
  return *alignment;
}

Result<TensorInfo> GgufReader::read_tensor_info(std::uint64_t index, std::uint64_t alignment) {
  TensorInfo info;
  const std::string unnamed = fmt::format("tensor {}", index);
  SIXFOLD_TRY(info.view.name, read_string(unnamed, kGgufTensorNameBytesMax));
  if (info.view.name.empty() || !is_valid_utf8(info.view.name)) {
    return corrupt_data("{}: {}: want a name in UTF-8, got {}", name_, unnamed, shown_text(info.view.name));
  }
  const std::string where = "tensor " + shown_text(info.view.name);
  SIXFOLD_TRY_STATUS(read_shape(info, where));

  SIXFOLD_TRY(const std::uint32_t type, read_number<std::uint32_t>(where));
  const std::optional<DType> dtype = dtype_from_gguf(type);
  if (!dtype.has_value()) {
    return corrupt_data("{}: {}: want a tensor type that can be read here, got {} (type {})", name_, where,
                        gguf_type_name(type), type);
  }
  info.view.dtype = *dtype;
  SIXFOLD_TRY(info.offset, read_number<std::uint64_t>(where));
  if (info.offset % alignment != 0) {
    return corrupt_data("{}: {}: want an offset that is a multiple of {}, got {}", name_, where, alignment,
                        info.offset);
  }

  const Shape& shape = info.view.shape;
  const DTypeInfo& block = dtype_info(*dtype);
  const std::size_t row_elements = shape[shape.rank - 1];
  if (row_elements % block.block_elements != 0) {
    return corrupt_data("{}: {}: want rows of a multiple of {} elements for {}, got {}", name_, where,
                        block.block_elements, block.name, row_elements);
  }
  std::optional<std::uint64_t> size = checked_product(row_elements / block.block_elements, block.block_bytes);
  for (std::size_t axis = 0; axis + 1 < shape.rank && size.has_value(); ++axis) {
    size = checked_product(*size, shape[axis]);
  }
  if (!size.has_value() || *size > bytes_.size()) {
    return corrupt_data("{}: {}: want at most the file's {} bytes, got shape {} of {}", name_, where, bytes_.size(),
                        to_string(shape), block.name);
  }
  info.size = *size;
  return info;
}

Status GgufReader::read_shape(TensorInfo& info, const std::string& where) {
  SIXFOLD_TRY(const std::uint32_t rank, read_number<std::uint32_t>(where));
  if (rank < 1 || rank > limits::kTensorRankMax) {
    return corrupt_data("{}: {}: want 1 to {} dimensions, got {}", name_, where, limits::kTensorRankMax, rank);
  }
  info.view.shape.rank = rank;
  std::optional<std::uint64_t> elements = 1;
  for (std::size_t axis = rank; axis-- > 0;) {  // the file lists the innermost dimension first
    SIXFOLD_TRY(const std::uint64_t dimension, read_number<std::uint64_t>(where));
    if (dimension == 0) return corrupt_data("{}: {}: want dimensions of at least 1, got 0", name_, where);
    info.view.shape.dims[axis] = static_cast<std::size_t>(dimension);
    if (elements.has_value()) elements = checked_product(*elements, dimension);
  }
  if (!elements.has_value()) {
    return corrupt_data("{}: {}: want a number of elements below 2^64, got shape {}", name_, where,
                        to_string(info.view.shape));
  }
  return ok();
}

// Checks that the tensors lie inside the file without overlap, and points each view at its bytes.
Status GgufReader::place_tensors(std::vector<TensorInfo>& infos, std::uint64_t data_start) {
  if (infos.empty()) return ok();
  if (data_start > bytes_.size()) {
    return corrupt_data("{}: tensor data: want its start at offset {}, got a file of {} bytes", name_, data_start,
                        bytes_.size());
  }
  const std::uint64_t data_bytes = bytes_.size() - data_start;
  for (TensorInfo& info : infos) {
    if (info.offset > data_bytes || info.size > data_bytes - info.offset) {
      return corrupt_data("{}: tensor {}: want {} bytes at offset {}, got {} bytes of tensor data", name_,
                          shown_text(info.view.name), info.size, info.offset, data_bytes);
    }
    info.view.bytes =
        bytes_.subspan(static_cast<std::size_t>(data_start + info.offset), static_cast<std::size_t>(info.size));
  }
  std::vector<const TensorInfo*> by_offset;
  by_offset.reserve(infos.size());
  for (const TensorInfo& info : infos) by_offset.push_back(&info);
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < by_offset.size(); ++i) {
    const TensorInfo& before = *by_offset[i - 1];
    if (by_offset[i]->offset < before.offset + before.size) {
      return corrupt_data("{}: tensor {}: want an offset of at least {}, where tensor {} ends, got {}", name_,
                          shown_text(by_offset[i]->view.name), before.offset + before.size,
                          shown_text(before.view.name), by_offset[i]->offset);
    }
  }
  return ok();
}

Result<Checkpoint> GgufReader::read() {
  SIXFOLD_TRY(const Header header, read_header());
  CheckpointBuilder builder(name_, fmt::format("gguf v{}", header.version), bytes_.size());
  std::uint64_t alignment = kGgufAlignmentDefault;
  for (std::uint64_t i = 0; i < header.metadata_count; ++i) {
    SIXFOLD_TRY(MetadataEntry entry, read_metadata_entry());
    if (entry.key == kGgufAlignmentKey) {
      SIXFOLD_TRY(alignment, read_alignment(entry));
    }
    builder.add_metadata(std::move(entry));
  }
  std::vector<TensorInfo> infos;
  infos.reserve(static_cast<std::size_t>(header.tensor_count));
  for (std::uint64_t i = 0; i < header.tensor_count; ++i) {
    SIXFOLD_TRY(TensorInfo info, read_tensor_info(i, alignment));
    infos.push_back(std::move(info));
  }
  const std::uint64_t data_start = (reader_.position() + alignment - 1) / alignment * alignment;
  SIXFOLD_TRY_STATUS(place_tensors(infos, data_start));
  for (TensorInfo& info : infos) builder.add_tensor(std::move(info.view));
  return std::move(builder).finish();
}

}  // namespace

Result<Checkpoint> read_gguf(std::span<const std::byte> bytes, std::string name) {
  return GgufReader(bytes, std::move(name)).read();
}

}  // namespace sixfold::formats
