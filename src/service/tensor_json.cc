// The innermost arrays are the hot loops: one per element type, without a branch on it inside.
#include "service/tensor_json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/tensor_limits.h"

namespace sixfold::service {
namespace {

// Calls `function` with a value of the C++ type of a number's elements.
template <class Function>
auto with_number(ElementType type, Function function) {
  switch (type) {
    case ElementType::kI8:
      return function(std::int8_t{});
    case ElementType::kU16:
      return function(std::uint16_t{});
    case ElementType::kI16:
      return function(std::int16_t{});
    case ElementType::kU32:
      return function(std::uint32_t{});
    case ElementType::kI32:
      return function(std::int32_t{});
    case ElementType::kU64:
      return function(std::uint64_t{});
    case ElementType::kI64:
      return function(std::int64_t{});
    case ElementType::kF32:
      return function(float{});
    case ElementType::kF64:
      return function(double{});
    default:
      return function(std::uint8_t{});  // and bools
  }
}

template <class T>
std::optional<T> number_of(const json::value& value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value.is_double()) {
      const double number = value.get_double();
      if (std::abs(number) > static_cast<double>(std::numeric_limits<T>::max())) return std::nullopt;
      return static_cast<T>(number);
    }
    if (value.is_int64()) return static_cast<T>(value.get_int64());
    if (value.is_uint64()) return static_cast<T>(value.get_uint64());
    if (value.is_null()) return std::numeric_limits<T>::quiet_NaN();
    return std::nullopt;
  } else {
    if (value.is_uint64()) {
      const std::uint64_t number = value.get_uint64();
      if (number <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return static_cast<T>(number);
      return std::nullopt;
    }
    const auto number = as_integer(value);
    if (number && std::in_range<T>(*number)) return static_cast<T>(*number);
    return std::nullopt;
  }
}

std::string wanted(ElementType type) {
  switch (type) {
    case ElementType::kBool:
      return "true or false";
    case ElementType::kString:
      return "a string";
    case ElementType::kF32:
    case ElementType::kF64:
      return fmt::format("a number ({})", element_type_info(type).name);
    default:
      return fmt::format("an integer ({})", element_type_info(type).name);
  }
}

// Walks one value.  place: the indices on the way to where it stands.
class Reader {
 public:
  Reader(HostTensor& tensor, const std::string& path) : tensor_(tensor), path_(path) {}

  Parsed<TensorShape> read(const json::value& value) {
    // The first element of every level tells the shape that the others must have.
    const json::value* first = &value;
    while (first->is_array()) {
      const json::array& array = first->get_array();
      shape_.push_back(static_cast<std::int64_t>(array.size()));
      if (shape_.size() > limits::kHostTensorRankMax) {
        refuse(fmt::format("want arrays at most {} deep", limits::kHostTensorRankMax));
        return *std::move(refusal_);
      }
      if (array.empty()) break;
      first = &array.front();
    }
    walk(value, 0);
    if (refusal_) return *std::move(refusal_);
    return std::move(shape_);
  }

 private:
  void refuse(const std::string& reason) {
    std::string path = path_;
    for (const std::size_t index : place_) path += fmt::format("[{}]", index);
    refusal_ = Refusal{invalid_argument("\"{}\": {}", path, reason), std::move(path), {}};
  }
  void refuse_element(const json::value& value) {
    refuse(fmt::format("want {}, got {}", wanted(tensor_.type), shown_json(value)));
  }

  void walk(const json::value& value, std::size_t level) {
    if (level == shape_.size()) return leaf(value);
    const auto length = static_cast<std::size_t>(shape_[level]);
    if (!value.is_array()) {
      return refuse(fmt::format("want an array of {} as before it, got {}", length, shown_json(value)));
    }
    const json::array& array = value.get_array();
    if (array.size() != length) {
      return refuse(fmt::format("want {} elements as in the arrays before it, got {}", length, array.size()));
    }
    if (level + 1 == shape_.size()) return row(array);
    for (std::size_t i = 0; i < length && !refusal_; ++i) {
      place_.push_back(i);
      walk(array[i], level + 1);
      place_.pop_back();
    }
  }

  void leaf(const json::value& value) {
    switch (tensor_.type) {
      case ElementType::kString:
        if (!value.is_string()) return refuse_element(value);
        tensor_.strings.emplace_back(value.get_string().data(), value.get_string().size());
        return;
      case ElementType::kBool: {
        if (!value.is_bool()) return refuse_element(value);
        tensor_.bytes.push_back(std::byte{value.get_bool()});
        return;
      }
      default:
        with_number(tensor_.type, [&](auto kind) {
          const auto number = number_of<decltype(kind)>(value);
          if (!number) return refuse_element(value);
          const auto* bytes = reinterpret_cast<const std::byte*>(&*number);
          tensor_.bytes.insert(tensor_.bytes.end(), bytes, bytes + sizeof kind);
        });
    }
  }

  void row(const json::array& array) {
    if (tensor_.type == ElementType::kString || tensor_.type == ElementType::kBool) {
      for (std::size_t i = 0; i < array.size() && !refusal_; ++i) {
        place_.push_back(i);
        leaf(array[i]);
        place_.pop_back();
      }
      return;
    }
    with_number(tensor_.type, [&](auto kind) {
      using T = decltype(kind);
      const std::size_t begin = tensor_.bytes.size();
      tensor_.bytes.resize(begin + array.size() * sizeof(T));
      std::byte* out = tensor_.bytes.data() + begin;
      for (std::size_t i = 0; i < array.size(); ++i, out += sizeof(T)) {
        const auto number = number_of<T>(array[i]);
        if (!number) {
          place_.push_back(i);
          return refuse_element(array[i]);
        }
        std::memcpy(out, &*number, sizeof(T));
      }
    });
  }

  HostTensor& tensor_;
  const std::string& path_;
  TensorShape shape_;
  std::vector<std::size_t> place_;
  std::optional<Refusal> refusal_;
};

template <class T>
void append_number(std::string& out, T number) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(number)) {
      out += "null";
      return;
    }
  }
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  out.append(text, end);
}

void append_elements_of(std::string& out, const HostTensor& tensor, std::size_t begin, std::size_t count) {
  if (tensor.type == ElementType::kString || tensor.type == ElementType::kBool) {
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (i > begin) out += ',';
      if (tensor.type == ElementType::kString) {
        append_json_string(out, tensor.strings[i]);
      } else {
        out += tensor.bytes[i] != std::byte{0} ? "true" : "false";
      }
    }
    return;
  }
  with_number(tensor.type, [&](auto kind) {
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (i > begin) out += ',';
      std::memcpy(&kind, tensor.bytes.data() + i * sizeof kind, sizeof kind);
      append_number(out, kind);
    }
  });
}

// The values from element `begin` on that dimension `level` and those inside it describe.  Returns where they end.
std::size_t append_level(std::string& out, const HostTensor& tensor, std::size_t level, std::size_t begin) {
  if (level == tensor.shape.size()) {
    append_elements_of(out, tensor, begin, 1);
    return begin + 1;
  }
  const auto length = static_cast<std::size_t>(tensor.shape[level]);
  if (level + 1 == tensor.shape.size() && tensor.columns.size() == length && length > 0) {
    for (std::size_t i = 0; i < length; ++i) {
      out += i == 0 ? '{' : ',';
      append_json_string(out, tensor.columns[i]);
      out += ':';
      append_elements_of(out, tensor, begin + i, 1);
    }
    out += '}';
    return begin + length;
  }
  out += '[';
  if (level + 1 == tensor.shape.size()) {
    append_elements_of(out, tensor, begin, length);
    begin += length;
  } else {
    for (std::size_t i = 0; i < length; ++i) {
      if (i > 0) out += ',';
      begin = append_level(out, tensor, level + 1, begin);
    }
  }
  out += ']';
  return begin;
}

}  // namespace

Parsed<TensorShape> append_elements(HostTensor& tensor, const json::value& value, const std::string& path) {
  return Reader(tensor, path).read(value);
}

void append_tensor(std::string& out, const HostTensor& tensor) {
  append_level(out, tensor, 0, 0);
}

void append_tensor_row(std::string& out, const HostTensor& tensor, std::size_t row) {
  std::size_t each = 1;
  for (std::size_t i = 1; i < tensor.shape.size(); ++i) each *= static_cast<std::size_t>(tensor.shape[i]);
  append_level(out, tensor, 1, row * each);
}

}  // namespace sixfold::service
