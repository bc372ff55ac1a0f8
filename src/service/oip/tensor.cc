// Elements are checked one by one: a number that its type cannot hold is refused, not rounded.
#include "service/oip/tensor.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace sixfold::service {
namespace {

constexpr std::size_t kRankMax = 8;

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
    const T number = number_at<T>(bytes, index);
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), "{}", number);  // the shortest text that gives the same number
    } else {
      out += "null";  // which JSON lacks
    }
  } else {
    fmt::format_to(std::back_inserter(out), "{}", number_at<T>(bytes, index));
  }
}

void write_boolean(std::string& out, const Bytes& bytes, std::size_t index) {
  out += number_at<std::uint8_t>(bytes, index) != 0 ? "true" : "false";
}

struct NumberForm {
  bool (*read)(const json::value&, Bytes&);  // false: not such a value
  void (*write)(std::string&, const Bytes&, std::size_t index);
};

// FP16 and BF16 have no form in JSON.
NumberForm form_of(ElementType type) {
  switch (type) {
    case ElementType::kBool:
      return {read_boolean, write_boolean};
    case ElementType::kU8:
      return {read_integer<std::uint8_t>, write_number<std::uint8_t>};
    case ElementType::kI8:
      return {read_integer<std::int8_t>, write_number<std::int8_t>};
    case ElementType::kU16:
      return {read_integer<std::uint16_t>, write_number<std::uint16_t>};
    case ElementType::kI16:
      return {read_integer<std::int16_t>, write_number<std::int16_t>};
    case ElementType::kU32:
      return {read_integer<std::uint32_t>, write_number<std::uint32_t>};
    case ElementType::kI32:
      return {read_integer<std::int32_t>, write_number<std::int32_t>};
    case ElementType::kU64:
      return {read_integer<std::uint64_t>, write_number<std::uint64_t>};
    case ElementType::kI64:
      return {read_integer<std::int64_t>, write_number<std::int64_t>};
    case ElementType::kF32:
      return {read_real<float>, write_number<float>};
    case ElementType::kF64:
      return {read_real<double>, write_number<double>};
    case ElementType::kString:
      break;
  }
  return {nullptr, nullptr};
}

// Walks the data in row-major order.
class DataReader {
 public:
  // elements: as the tensor's shape says.
  DataReader(FieldReader& reader, HostTensor& tensor, std::size_t elements)
      : reader_(reader), tensor_(tensor), elements_(elements), form_(form_of(tensor.type)) {}

  void read(const json::array& data) {
    const bool is_flat = data.empty() || !data.front().is_array();
    if (!is_flat) return read_level(data, 0);
    if (data.size() != elements_) return refuse_count(data.size(), elements_);
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
    if (form_.read == nullptr && item.is_string()) {
      tensor_.strings.emplace_back(item.get_string().data(), item.get_string().size());
      return true;
    }
    if (form_.read != nullptr && form_.read(item, tensor_.bytes)) return true;
    reader_.refuse("data",
                   form_.read == nullptr ? std::string("strings")
                                         : fmt::format("values of {}", element_type_info(tensor_.type).protocol_name),
                   item);
    return false;
  }

  void refuse_count(std::size_t got, std::size_t want) {
    reader_.refuse("data",
                   fmt::format("want {} values, as the shape {} says, got {}", want, shown_shape(tensor_.shape), got));
  }

  FieldReader& reader_;
  HostTensor& tensor_;
  const std::size_t elements_;
  const NumberForm form_;
};

// The number of elements.
std::size_t read_shape(FieldReader& reader, HostTensor& tensor) {
  const json::array* shape = reader.array("shape");
  if (shape == nullptr) {
    if (reader.is_ok()) reader.refuse("shape", "want an array of sizes, got none");
    return 0;
  }
  if (shape->empty() || shape->size() > kRankMax) {
    reader.refuse("shape", fmt::format("want 1 to {} sizes, got {}", kRankMax, shape->size()));
    return 0;
  }
  for (const json::value& item : *shape) {
    const auto size = as_integer(item);
    if (!size || *size < 0) {
      reader.refuse("shape", "sizes of at least 0", item);
      return 0;
    }
    tensor.shape.push_back(*size);
  }
  const auto elements = element_count(tensor.shape);
  if (!elements) reader.refuse("shape", elements.error().message);
  return elements ? *elements : 0;
}

void read_datatype(FieldReader& reader, HostTensor& tensor) {
  const std::string_view name = reader.text("datatype").value_or("");
  if (!reader.is_ok()) return;
  if (const auto type = element_type_from_protocol(name)) {
    tensor.type = *type;
    return;
  }
  reader.refuse("datatype", fmt::format("want one of BYTES, BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, "
                                        "INT64, FP32, FP64, got {}",
                                        name.empty() ? "none" : fmt::format("\"{}\"", name)));
}

}  // namespace

HostTensor read_oip_tensor(FieldReader& reader) {
  HostTensor tensor;
  tensor.name = reader.text("name").value_or("");
  if (tensor.name.empty()) reader.refuse("name", "want a name, got none");
  read_datatype(reader, tensor);
  const std::size_t elements = read_shape(reader, tensor);
  const json::array* data = reader.array("data");
  if (data == nullptr) reader.refuse("data", "want an array, got none");
  if (reader.is_ok()) DataReader(reader, tensor, elements).read(*data);
  return tensor;
}

HostTensor float_tensor(std::string name, TensorShape shape, std::span<const float> numbers) {
  const auto bytes = std::as_bytes(numbers);
  HostTensor tensor;
  tensor.name = std::move(name);
  tensor.type = ElementType::kF32;
  tensor.shape = std::move(shape);
  tensor.bytes.assign(bytes.begin(), bytes.end());
  return tensor;
}

void append_oip_tensor(std::string& out, const HostTensor& tensor) {
  const ElementTypeInfo& type = element_type_info(tensor.type);
  const NumberForm form = form_of(tensor.type);
  out += R"({"name":)";
  append_json_string(out, tensor.name);
  out += fmt::format(R"(,"datatype":"{}","shape":[{}])", type.protocol_name, fmt::join(tensor.shape, ","));
  for (std::size_t column = 0; column < tensor.columns.size(); ++column) {
    out += column == 0 ? R"(,"parameters":{"columns":[)" : ",";
    append_json_string(out, tensor.columns[column]);
  }
  if (!tensor.columns.empty()) out += "]}";
  out += R"(,"data":[)";
  const std::size_t elements = form.write == nullptr ? tensor.strings.size() : tensor.bytes.size() / type.bytes;
  for (std::size_t index = 0; index < elements; ++index) {
    if (index > 0) out += ',';
    if (form.write == nullptr) {
      append_json_string(out, tensor.strings[index]);
    } else {
      form.write(out, tensor.bytes, index);
    }
  }
  out += "]}";
}

}  // namespace sixfold::service
