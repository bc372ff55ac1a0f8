// Elements are checked one by one: a number that its type cannot hold is refused, not rounded.
#include "service/oip/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace sixfold::service {
namespace {

constexpr std::size_t kRankMax = 8;
constexpr std::size_t kElementsMax = std::size_t{1} << 26;  // a body's bytes bound it first

using Bytes = std::vector<std::byte>;

template <class T>
void push(Bytes& bytes, T number) {
  const auto* begin = reinterpret_cast<const std::byte*>(&number);
  bytes.insert(bytes.end(), begin, begin + sizeof number);
}

template <class T>
T number_at(const Bytes& bytes, std::size_t index) {
  T number;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

template <class T>
bool read_integer(const json::value& value, Bytes& bytes) {
  if constexpr (std::is_unsigned_v<T>) {
    const auto number = as_unsigned(value);
    if (!number || *number > std::numeric_limits<T>::max()) return false;
    push(bytes, static_cast<T>(*number));
  } else {
    const auto number = as_integer(value);
    if (!number || *number < std::numeric_limits<T>::min() || *number > std::numeric_limits<T>::max()) return false;
    push(bytes, static_cast<T>(*number));
  }
  return true;
}

template <class T>
bool read_real(const json::value& value, Bytes& bytes) {
  const auto number = as_number(value);
  if (!number || std::abs(*number) > static_cast<double>(std::numeric_limits<T>::max())) return false;
  push(bytes, static_cast<T>(*number));
  return true;
}

bool read_boolean(const json::value& value, Bytes& bytes) {
  if (!value.is_bool()) return false;
  push(bytes, static_cast<std::uint8_t>(value.get_bool() ? 1 : 0));
  return true;
}

template <class T>
void write_number(std::string& out, const Bytes& bytes, std::size_t index) {
  if constexpr (sizeof(T) == 1) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<int>(number_at<T>(bytes, index)));
  } else if constexpr (std::is_floating_point_v<T>) {
    append_json_number(out, number_at<T>(bytes, index));
  } else {
    fmt::format_to(std::back_inserter(out), "{}", number_at<T>(bytes, index));
  }
}

void write_boolean(std::string& out, const Bytes& bytes, std::size_t index) {
  out += number_at<std::uint8_t>(bytes, index) != 0 ? "true" : "false";
}

struct DataType {
  std::string_view name;
  std::size_t bytes;
  bool (*read)(const json::value&, Bytes&);  // false: not such a value
  void (*write)(std::string&, const Bytes&, std::size_t index);
};

// FP16 and BF16 have no form in JSON.
constexpr std::array<DataType, 11> kNumberTypes = {{
    {"BOOL", 1, read_boolean, write_boolean},
    {"UINT8", 1, read_integer<std::uint8_t>, write_number<std::uint8_t>},
    {"UINT16", 2, read_integer<std::uint16_t>, write_number<std::uint16_t>},
    {"UINT32", 4, read_integer<std::uint32_t>, write_number<std::uint32_t>},
    {"UINT64", 8, read_integer<std::uint64_t>, write_number<std::uint64_t>},
    {"INT8", 1, read_integer<std::int8_t>, write_number<std::int8_t>},
    {"INT16", 2, read_integer<std::int16_t>, write_number<std::int16_t>},
    {"INT32", 4, read_integer<std::int32_t>, write_number<std::int32_t>},
    {"INT64", 8, read_integer<std::int64_t>, write_number<std::int64_t>},
    {"FP32", 4, read_real<float>, write_number<float>},
    {"FP64", 8, read_real<double>, write_number<double>},
}};

const DataType* find_number_type(std::string_view name) {
  const auto found =
      std::find_if(kNumberTypes.begin(), kNumberTypes.end(), [&](const DataType& type) { return type.name == name; });
  return found == kNumberTypes.end() ? nullptr : &*found;
}

// Walks the data in row-major order.
class DataReader {
 public:
  DataReader(FieldReader& reader, Tensor& tensor)
      : reader_(reader), tensor_(tensor), type_(find_number_type(tensor.datatype)) {}

  void read(const json::array& data) {
    const bool is_flat = data.empty() || !data.front().is_array();
    if (!is_flat) return read_level(data, 0);
    const std::size_t want = tensor_.elements();
    if (data.size() != want) return refuse_count(data.size(), want);
    for (const json::value& item : data) {
      if (!take(item)) return;
    }
  }

 private:
  void read_level(const json::array& data, std::size_t level) {
    const auto want = static_cast<std::size_t>(tensor_.shape[level]);
    if (data.size() != want) return refuse_count(data.size(), want);
    const bool is_last = level + 1 == tensor_.shape.size();
    for (const json::value& item : data) {
      if (is_last) {
        if (!take(item)) return;
      } else if (!item.is_array()) {
        return reader_.refuse("data", "nested arrays of the shape's depth", item);
      } else {
        read_level(item.get_array(), level + 1);
        if (!reader_.is_ok()) return;
      }
    }
  }

  bool take(const json::value& item) {
    if (type_ == nullptr && item.is_string()) {
      tensor_.texts.emplace_back(item.get_string().data(), item.get_string().size());
      return true;
    }
    if (type_ != nullptr && type_->read(item, tensor_.bytes)) return true;
    reader_.refuse("data", type_ == nullptr ? std::string("strings") : fmt::format("values of {}", type_->name), item);
    return false;
  }

  void refuse_count(std::size_t got, std::size_t want) {
    reader_.refuse("data", fmt::format("want {} values, as the shape [{}] says, got {}", want,
                                       fmt::join(tensor_.shape, ","), got));
  }

  FieldReader& reader_;
  Tensor& tensor_;
  const DataType* const type_;  // null: BYTES
};

void read_shape(FieldReader& reader, Tensor& tensor) {
  const json::array* shape = reader.array("shape");
  if (shape == nullptr) {
    if (reader.is_ok()) reader.refuse("shape", "want an array of sizes, got none");
    return;
  }
  if (shape->empty() || shape->size() > kRankMax) {
    return reader.refuse("shape", fmt::format("want 1 to {} sizes, got {}", kRankMax, shape->size()));
  }
  std::size_t elements = 1;
  for (const json::value& item : *shape) {
    const auto size = as_unsigned(item);
    if (!size || *size > kElementsMax) return reader.refuse("shape", "sizes of at least 0", item);
    elements *= static_cast<std::size_t>(*size);  // both factors are at most 2^26
    if (elements > kElementsMax) {
      return reader.refuse("shape", fmt::format("want at most {} elements in all", kElementsMax));
    }
    tensor.shape.push_back(static_cast<std::int64_t>(*size));
  }
}

void read_datatype(FieldReader& reader, Tensor& tensor) {
  tensor.datatype = reader.text("datatype").value_or("");
  if (!reader.is_ok() || tensor.datatype == "BYTES" || find_number_type(tensor.datatype) != nullptr) return;
  std::string known = "BYTES";
  for (const DataType& type : kNumberTypes) known += fmt::format(", {}", type.name);
  reader.refuse("datatype", fmt::format("want one of {}, got {}", known,
                                        tensor.datatype.empty() ? "none" : "\"" + tensor.datatype + "\""));
}

}  // namespace

std::size_t Tensor::elements() const {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

Tensor read_tensor(FieldReader& reader) {
  Tensor tensor;
  tensor.name = reader.text("name").value_or("");
  if (tensor.name.empty()) reader.refuse("name", "want a name, got none");
  read_datatype(reader, tensor);
  read_shape(reader, tensor);
  const json::array* data = reader.array("data");
  if (data == nullptr) reader.refuse("data", "want an array, got none");
  if (reader.is_ok()) DataReader(reader, tensor).read(*data);
  return tensor;
}

Tensor float_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> numbers) {
  const auto bytes = std::as_bytes(numbers);
  return {.name = std::move(name),
          .datatype = "FP32",
          .shape = std::move(shape),
          .bytes = Bytes(bytes.begin(), bytes.end()),
          .texts = {}};
}

void append_tensor(std::string& out, const Tensor& tensor) {
  out += R"({"name":)";
  append_json_string(out, tensor.name);
  out += R"(,"datatype":)";
  append_json_string(out, tensor.datatype);
  out += fmt::format(R"(,"shape":[{}],"data":[)", fmt::join(tensor.shape, ","));
  const DataType* type = find_number_type(tensor.datatype);
  const std::size_t elements = type == nullptr ? tensor.texts.size() : tensor.bytes.size() / type->bytes;
  for (std::size_t index = 0; index < elements; ++index) {
    if (index > 0) out += ',';
    if (type == nullptr) {
      append_json_string(out, tensor.texts[index]);
    } else {
      type->write(out, tensor.bytes, index);
    }
  }
  out += "]}";
}

}  // namespace sixfold::service
