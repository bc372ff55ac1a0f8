// Reads fields of JSON objects.
#include "core/json_reader.h"

namespace sixfold {

const json::value* JsonReader::find(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Error JsonReader::wrong(std::string_view name, std::string_view want) const {
  const json::value* value = find(name);
  return corrupt_data("{}: {}: want {}, got {}", where_, name, want, value == nullptr ? "nothing" : shown_json(*value));
}

Result<std::uint64_t> JsonReader::count(std::string_view name, std::uint64_t max) const {
  const json::value* value = find(name);
  const auto number = value == nullptr ? std::nullopt : as_unsigned(*value);
  if (!number || *number < 1 || *number > max) return wrong(name, fmt::format("an integer from 1 to {}", max));
  return *number;
}

Result<std::uint64_t> JsonReader::count_or(std::string_view name, std::uint64_t max, std::uint64_t fallback) const {
  if (!has(name)) return fallback;
  return count(name, max);
}

Result<double> JsonReader::number(std::string_view name) const {
  const json::value* value = find(name);
  const auto number = value == nullptr ? std::nullopt : as_number(*value);
  if (!number) return wrong(name, "a number");
  return *number;
}

Result<double> JsonReader::number_or(std::string_view name, double fallback) const {
  if (!has(name)) return fallback;
  return number(name);
}

Result<std::vector<double>> JsonReader::numbers(std::string_view name) const {
  const json::value* value = find(name);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr || list->empty()) return wrong(name, "an array of numbers");
  std::vector<double> numbers;
  numbers.reserve(list->size());
  for (const json::value& element : *list) {
    const auto number = as_number(element);
    if (!number) return wrong(name, "an array of numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

Result<bool> JsonReader::boolean_or(std::string_view name, bool fallback) const {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) return wrong(name, "true or false");
  return value->get_bool();
}

Result<std::string_view> JsonReader::text(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr || !value->is_string()) return wrong(name, "a string");
  return std::string_view(value->get_string());
}

Result<std::string_view> JsonReader::text_or(std::string_view name, std::string_view fallback) const {
  if (!has(name)) return fallback;
  return text(name);
}

Result<std::vector<std::string_view>> JsonReader::texts(std::string_view name) const {
  const json::value* value = find(name);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return wrong(name, "an array of strings");
  std::vector<std::string_view> texts;
  texts.reserve(list->size());
  for (const json::value& element : *list) {
    if (!element.is_string()) return wrong(name, "an array of strings");
    texts.emplace_back(element.get_string());
  }
  return texts;
}

Result<std::optional<JsonReader>> JsonReader::object(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<JsonReader>();
  if (!value->is_object()) return wrong(name, "an object");
  return std::optional<JsonReader>(JsonReader(value->get_object(), where_ + ": " + std::string(name)));
}

Status JsonReader::expect(std::string_view name, bool only, bool fallback) const {
  SIXFOLD_TRY(const bool value, boolean_or(name, fallback));
  if (value != only) return unsupported(name, "{} is not supported, want {}", value, only);
  return ok();
}

}  // namespace sixfold
