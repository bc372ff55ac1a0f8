// Kinds, truth, order and membership of template values.
#include "tokenizer/jinja/value.h"

#include <algorithm>

#include "core/error.h"

namespace sixfold::tokenizer::jinja {

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Dict::set(std::string_view key, Value value) {
  for (auto& [name, old] : entries) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  entries.emplace_back(std::string(key), std::move(value));
}

const Value* Arguments::get(std::size_t index, std::string_view name) const {
  if (index < positional.size()) return &positional[index];
  for (const auto& [key, value] : named) {
    if (key == name) return &value;
  }
  return nullptr;
}

Value Value::list(List values) {
  int deepest = 0;
  for (const Value& item : values) deepest = std::max(deepest, item.depth_);
  Value value(Data(std::make_shared<List>(std::move(values))));
  value.depth_ = deepest + 1;
  return value;
}

Value Value::dict(Dict values) {
  int deepest = 0;
  for (const auto& entry : values.entries) deepest = std::max(deepest, entry.second.depth_);
  const bool is_namespace = values.is_namespace;
  Value value(Data(std::make_shared<Dict>(std::move(values))));
  value.depth_ = is_namespace ? std::max(kDepthMax, deepest + 1) : deepest + 1;
  return value;
}

Value Value::function(Function function) {
  return Value(Data(std::make_shared<Function>(std::move(function))));
}

std::int64_t Value::as_integer() const {
  if (const bool* flag = std::get_if<bool>(&data_)) return *flag ? 1 : 0;
  return *std::get_if<std::int64_t>(&data_);
}

double Value::as_double() const {
  if (const double* number = std::get_if<double>(&data_)) return *number;
  return static_cast<double>(as_integer());
}

bool Value::is_true() const {
  if (is_undefined() || is_none()) return false;
  if (is_number()) return as_double() != 0;
  if (is_string()) return !as_string().empty();
  if (is_list()) return !as_list().empty();
  if (is_dict()) return as_dict().is_namespace || !as_dict().entries.empty();
  return true;
}

std::string_view Value::kind_name() const {
  if (is_undefined()) return "undefined";
  if (is_none()) return "None";
  if (is_boolean()) return "bool";
  if (is_integer()) return "int";
  if (is_float()) return "float";
  if (is_string()) return "str";
  if (is_list()) return "list";
  if (is_dict()) return "dict";
  return "function";
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (!a.is_float() && !b.is_float()) return a.as_integer() == b.as_integer();
    return a.as_double() == b.as_double();
  }
  if (a.is_string() && b.is_string()) return a.as_string() == b.as_string();
  if (a.is_list() && b.is_list()) {
    return std::equal(a.as_list().begin(), a.as_list().end(), b.as_list().begin(), b.as_list().end(), equal);
  }
  if (a.is_dict() && b.is_dict()) {
    const Dict& left = a.as_dict();
    const Dict& right = b.as_dict();
    if (left.entries.size() != right.entries.size()) return false;
    return std::all_of(left.entries.begin(), left.entries.end(), [&](const auto& entry) {
      const Value* other = right.find(entry.first);
      return other != nullptr && equal(entry.second, *other);
    });
  }
  return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

Result<int> compare(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    const double left = a.as_double(), right = b.as_double();
    return left < right ? -1 : (left > right ? 1 : 0);
  }
  if (a.is_string() && b.is_string()) return a.as_string().compare(b.as_string());
  if (a.is_list() && b.is_list()) {
    const std::size_t common = std::min(a.as_list().size(), b.as_list().size());
    for (std::size_t i = 0; i < common; ++i) {
      if (equal(a.as_list()[i], b.as_list()[i])) continue;
      return compare(a.as_list()[i], b.as_list()[i]);
    }
    return a.as_list().size() < b.as_list().size() ? -1 : (a.as_list().size() > b.as_list().size() ? 1 : 0);
  }
  return invalid_argument("cannot order {} and {}", a.kind_name(), b.kind_name());
}

Result<bool> contains(const Value& container, const Value& item) {
  if (container.is_string()) {
    if (!item.is_string()) return invalid_argument("\"in\" a str: want a str, got {}", item.kind_name());
    return container.as_string().find(item.as_string()) != std::string::npos;
  }
  if (container.is_list()) {
    const List& list = container.as_list();
    return std::any_of(list.begin(), list.end(), [&](const Value& entry) { return equal(entry, item); });
  }
  if (container.is_dict()) return item.is_string() && container.as_dict().find(item.as_string()) != nullptr;
  if (container.is_undefined()) return false;
  return invalid_argument("\"in\": want a str, list or dict on the right, got {}", container.kind_name());
}

Result<std::vector<Value>> iterate(const Value& value) {
  if (value.is_list()) return value.as_list();
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (value.is_dict()) {
    for (const auto& entry : value.as_dict().entries) items.push_back(Value::string(entry.first));
    return items;
  }
  if (value.is_string()) {
    for (std::string& character : characters(value.as_string())) items.push_back(Value::string(std::move(character)));
    return items;
  }
  return invalid_argument("cannot loop over {}", value.kind_name());
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = lead < 0xC0 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
    length = std::min(length, text.size() - i);
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) length = 1;
    }
    result.emplace_back(text.substr(i, length));
    i += length;
  }
  return result;
}

}  // namespace sixfold::tokenizer::jinja
