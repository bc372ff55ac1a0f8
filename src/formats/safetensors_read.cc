// The checks of the safetensors format, in the order in which a file is read.
#include "formats/safetensors_read.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/json.h"
#include "core/limits.h"
#include "formats/byte_reader.h"
#include "formats/checkpoint_builder.h"

namespace sixfold::formats {
namespace {

constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kHeaderBytesMax = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadataName = "__metadata__";
// A tensor is an object in the header with two arrays; a few more levels leave room for fields we do not know.
constexpr JsonLimits kHeaderLimits{.depth = 8, .values = 16 * limits::kSafetensorsTensorsMax};

struct TypeRow {
  std::string_view name;
  std::uint64_t bits;  // of one element
  std::optional<DType> dtype;
};

constexpr std::array<TypeRow, 22> kTypes = {{
    {"F32", 32, DType::kF32},         {"F16", 16, DType::kF16},     {"BF16", 16, DType::kBF16},
    {"BOOL", 8, std::nullopt},        {"U8", 8, std::nullopt},      {"I8", 8, std::nullopt},
    {"I16", 16, std::nullopt},        {"U16", 16, std::nullopt},    {"I32", 32, std::nullopt},
    {"U32", 32, std::nullopt},        {"I64", 64, std::nullopt},    {"U64", 64, std::nullopt},
    {"F64", 64, std::nullopt},        {"C64", 64, std::nullopt},    {"F8_E4M3", 8, std::nullopt},
    {"F8_E5M2", 8, std::nullopt},     {"F8_E8M0", 8, std::nullopt}, {"F8_E4M3FNUZ", 8, std::nullopt},
    {"F8_E5M2FNUZ", 8, std::nullopt}, {"F6_E2M3", 6, std::nullopt}, {"F6_E3M2", 6, std::nullopt},
    {"F4", 4, std::nullopt},
}};

// One tensor as the header describes it.
struct Described {
  SafetensorsTensor tensor;  // without bytes
  std::uint64_t bits = 0;    // of all elements
  std::uint64_t begin = 0;   // within the data
  std::uint64_t end = 0;
};

class HeaderReader {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  Result<std::vector<Described>> read(std::string_view text) const;

 private:
  Status check_metadata(const json::value& metadata) const;
  Result<Described> read_tensor(std::string_view name, const json::value& info) const;
  Status read_type(const json::object& info, const std::string& where, Described& out) const;
  Status read_shape(const json::object& info, const std::string& where, Described& out) const;
  Status read_offsets(const json::object& info, const std::string& where, Described& out) const;

  const std::string& file_;
};

Result<std::vector<Described>> HeaderReader::read(std::string_view text) const {
  if (text.empty() || text.front() != '{') {
    return corrupt_data("{}: header: want \"{{\" at its start, got {}", file_, shown_text(text.substr(0, 1)));
  }
  SIXFOLD_TRY(const json::value header, parse_json(text, file_ + ": header", kHeaderLimits));
  const json::object& entries = header.get_object();  // it begins with a brace
  if (entries.size() > limits::kSafetensorsTensorsMax) {
    return corrupt_data("{}: header: want at most {} tensors, got {}", file_, limits::kSafetensorsTensorsMax,
                        entries.size());
  }
  std::vector<Described> tensors;
  tensors.reserve(entries.size());
  for (const auto& [name, value] : entries) {
    if (std::string_view(name) == kMetadataName) {
      SIXFOLD_TRY_STATUS(check_metadata(value));
      continue;
    }
    SIXFOLD_TRY(Described tensor, read_tensor(name, value));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Status HeaderReader::check_metadata(const json::value& metadata) const {
  const json::object* entries = metadata.if_object();
  if (entries == nullptr)
    return corrupt_data("{}: {}: want an object of strings, got another value", file_, kMetadataName);
  for (const auto& [key, value] : *entries) {
    if (!value.is_string()) {
      return corrupt_data("{}: {}: {}: want a string, got another value", file_, kMetadataName, shown_text(key));
    }
  }
  return ok();
}

Result<Described> HeaderReader::read_tensor(std::string_view name, const json::value& info) const {
  const std::string where = file_ + ": tensor " + shown_text(name);
  const json::object* fields = info.if_object();
  if (fields == nullptr) return corrupt_data("{}: want an object with dtype, shape and data_offsets", where);
  Described out;
  out.tensor.name = std::string(name);
  SIXFOLD_TRY_STATUS(read_type(*fields, where, out));
  SIXFOLD_TRY_STATUS(read_shape(*fields, where, out));
  SIXFOLD_TRY_STATUS(read_offsets(*fields, where, out));
  if (out.bits % 8 != 0 || out.bits / 8 != out.end - out.begin) {
    return corrupt_data("{}: data_offsets: want {} bits for {} {}, got {} bytes", where, out.bits, out.tensor.type,
                        to_string(out.tensor.shape), out.end - out.begin);
  }
  return out;
}

// Sets `bits` to those of one element.
Status HeaderReader::read_type(const json::object& info, const std::string& where, Described& out) const {
  const json::value* type = info.if_contains("dtype");
  if (type == nullptr || !type->is_string()) return corrupt_data("{}: dtype: want a string, got none", where);
  const std::string_view name(type->get_string());
  const auto* row = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& t) { return t.name == name; });
  if (row == kTypes.end()) return corrupt_data("{}: dtype: want a type of the format, got {}", where, shown_text(name));
  out.tensor.type = row->name;
  out.tensor.dtype = row->dtype;
  out.bits = row->bits;
  return ok();
}

// Multiplies `bits` by the number of elements.
Status HeaderReader::read_shape(const json::object& info, const std::string& where, Described& out) const {
  const json::value* shape = info.if_contains("shape");
  if (shape == nullptr || !shape->is_array()) return corrupt_data("{}: shape: want an array, got none", where);
  const json::array& dims = shape->get_array();
  if (dims.size() > limits::kTensorRankMax) {
    return invalid_argument("{}: shape: want at most {} dimensions, got {}", where, limits::kTensorRankMax,
                            dims.size());
  }
  out.tensor.shape.rank = dims.size();
  bool is_overflow = false;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const auto dim = as_unsigned(dims[axis]);
    if (!dim) return corrupt_data("{}: shape: want integers of at least 0, got another value", where);
    out.tensor.shape.dims[axis] = static_cast<std::size_t>(*dim);
    is_overflow = is_overflow || __builtin_mul_overflow(out.bits, *dim, &out.bits);
  }
  if (is_overflow) {
    return corrupt_data("{}: shape: want a size below 2^64 bits, got {}", where, to_string(out.tensor.shape));
  }
  return ok();
}

Status HeaderReader::read_offsets(const json::object& info, const std::string& where, Described& out) const {
  const json::value* offsets = info.if_contains("data_offsets");
  const json::array* pair = offsets == nullptr ? nullptr : offsets->if_array();
  if (pair == nullptr || pair->size() != 2) {
    return corrupt_data("{}: data_offsets: want an array of begin and end, got another value", where);
  }
  const auto begin = as_unsigned((*pair)[0]);
  const auto end = as_unsigned((*pair)[1]);
  if (!begin || !end || *end < *begin) {
    return corrupt_data("{}: data_offsets: want integers from 0, the end not before the begin, got others", where);
  }
  out.begin = *begin;
  out.end = *end;
  return ok();
}

// Sorts the tensors by their place, and checks that they fill the data: each begins where the one before it ended.
Status check_places(std::vector<Described>& tensors, std::uint64_t data_bytes, const std::string& file) {
  std::sort(tensors.begin(), tensors.end(), [](const Described& a, const Described& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t filled = 0;
  for (const Described& described : tensors) {
    if (described.begin != filled) {
      return corrupt_data("{}: tensor {}: data_offsets: want a begin of {}, where the tensor before it ends, got {}",
                          file, shown_text(described.tensor.name), filled, described.begin);
    }
    filled = described.end;
  }
  if (filled != data_bytes) {
    return corrupt_data("{}: want {} bytes of tensor data, as the header says, got {}", file, filled, data_bytes);
  }
  return ok();
}

}  // namespace

Result<std::vector<SafetensorsTensor>> read_safetensors(std::span<const std::byte> bytes, const std::string& name) {
  ByteReader reader(bytes);
  const auto header_bytes = reader.read<std::uint64_t>();
  if (!header_bytes) return corrupt_data("{}: want at least {} bytes, got {}", name, kLengthBytes, bytes.size());
  if (*header_bytes > kHeaderBytesMax) {
    return corrupt_data("{}: header length: want at most {}, got {}", name, kHeaderBytesMax, *header_bytes);
  }
  const auto header = reader.read_text(*header_bytes);
  if (!header) {
    return corrupt_data("{}: header length: want at most the {} bytes that follow, got {}", name, reader.remaining(),
                        *header_bytes);
  }
  SIXFOLD_TRY(std::vector<Described> described, HeaderReader(name).read(*header));
  const auto data = bytes.subspan(reader.position());
  SIXFOLD_TRY_STATUS(check_places(described, data.size(), name));
  std::vector<SafetensorsTensor> tensors;
  tensors.reserve(described.size());
  for (Described& one : described) {
    one.tensor.bytes = data.subspan(static_cast<std::size_t>(one.begin), static_cast<std::size_t>(one.end - one.begin));
    tensors.push_back(std::move(one.tensor));
  }
  return tensors;
}

Result<TensorView> to_tensor_view(const SafetensorsTensor& tensor, const std::string& file_name) {
  if (!tensor.dtype) {
    return invalid_argument("{}: tensor {}: want elements of type F32, F16 or BF16, got {}", file_name,
                            shown_text(tensor.name), tensor.type);
  }
  return TensorView{.name = tensor.name, .dtype = *tensor.dtype, .shape = tensor.shape, .bytes = tensor.bytes};
}

bool looks_like_safetensors(std::span<const std::byte> bytes) {
  return bytes.size() > kLengthBytes && bytes[kLengthBytes] == std::byte{'{'};
}

}  // namespace sixfold::formats
