// Both walk the value; the parser has bounded its depth.
#include "grammar/json_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "grammar/decimal.h"

namespace sixfold::grammar {
namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (character == '\b') {
      out += "\\b";
    } else if (character == '\f') {
      out += "\\f";
    } else if (character == '\n') {
      out += "\\n";
    } else if (character == '\r') {
      out += "\\r";
    } else if (character == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += character;
    }
  }
  out += '"';
}

}  // namespace

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::string:
      append_string(out, {value.get_string().data(), value.get_string().size()});
      break;
    case json::kind::array: {
      char separator = '[';
      for (const json::value& item : value.get_array()) {
        out += separator;
        append_json(out, item);
        separator = ',';
      }
      out += value.get_array().empty() ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& member : value.get_object()) {
        out += separator;
        append_string(out, {member.key().data(), member.key().size()});
        out += ':';
        append_json(out, member.value());
        separator = ',';
      }
      out += value.get_object().empty() ? "{}" : "}";
      break;
    }
    default:
      out += text_of_number(value);
  }
}

bool is_equal(const json::value& left, const json::value& right) {
  if (left.is_number() && right.is_number()) return decimal_of(left) == decimal_of(right);
  if (left.kind() != right.kind()) return false;
  if (left.is_array()) {
    return std::equal(left.get_array().begin(), left.get_array().end(), right.get_array().begin(),
                      right.get_array().end(), is_equal);
  }
  if (!left.is_object()) return left == right;
  if (left.get_object().size() != right.get_object().size()) return false;
  return std::all_of(left.get_object().begin(), left.get_object().end(), [&](const auto& member) {
    const json::value* other = right.get_object().if_contains(member.key());
    return other != nullptr && is_equal(member.value(), *other);
  });
}

std::size_t hash_of(const json::value& value) {
  constexpr std::size_t kNext = 31;
  const auto of_text = [](std::string_view text) { return std::hash<std::string_view>{}(text); };
  std::size_t hash = 0;
  if (value.is_number()) {
    const Decimal number = decimal_of(value);
    return (of_text(number.whole) * kNext + of_text(number.fraction)) * 2 +
           static_cast<std::size_t>(number.is_negative);
  }
  if (value.is_string()) return of_text({value.get_string().data(), value.get_string().size()});
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) hash = hash * kNext + hash_of(item);
    return hash + 1;
  }
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {  // in any order
      hash += of_text({member.key().data(), member.key().size()}) * kNext + hash_of(member.value());
    }
    return hash + 2;
  }
  return value.is_bool() ? 3 + static_cast<std::size_t>(value.get_bool()) : 5;
}

ValueSet::ValueSet(const std::vector<const json::value*>& values) {
  for (const json::value* value : values) add(*value);
}

bool ValueSet::contains(const json::value& value) const {
  const auto [begin, end] = values_.equal_range(hash_of(value));
  return std::any_of(begin, end, [&](const auto& own) { return is_equal(*own.second, value); });
}

bool ValueSet::add(const json::value& value) {
  if (contains(value)) return false;
  values_.emplace(hash_of(value), &value);
  return true;
}

}  // namespace sixfold::grammar
