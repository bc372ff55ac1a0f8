// Reads fields of JSON objects.
#include "formats/huggingface/config_reader.h"

#include <boost/json/serialize.hpp>
#include <cmath>

namespace sixfold::formats::huggingface {
namespace {

std::optional<double> as_number(const json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  if (const std::int64_t* number = value.if_int64()) return static_cast<double>(*number);
  if (const std::uint64_t* number = value.if_uint64()) return static_cast<double>(*number);
  return std::nullopt;
}

}  // namespace

std::string shown(const json::value& value) {
  constexpr std::size_t kShownBytesMax = 64;
  std::string text = json::serialize(value);
  if (text.size() <= kShownBytesMax) return text;
  std::size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "...";
}

std::optional<std::uint64_t> as_unsigned(const json::value& value) {
  if (const std::uint64_t* number = value.if_uint64()) return *number;
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

const json::value* ConfigReader::find(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Error ConfigReader::wrong(std::string_view name, std::string_view want) const {
  const json::value* value = find(name);
  return corrupt_data("{}: {}: want {}, got {}", where_, name, want, value == nullptr ? "nothing" : shown(*value));
}

Result<std::uint64_t> ConfigReader::count(std::string_view name, std::uint64_t max) const {
  const json::value* value = find(name);
  const auto number = value == nullptr ? std::nullopt : as_unsigned(*value);
  if (!number || *number < 1 || *number > max) return wrong(name, fmt::format("an integer from 1 to {}", max));
  return *number;
}

Result<std::uint64_t> ConfigReader::count_or(std::string_view name, std::uint64_t max, std::uint64_t fallback) const {
  if (!has(name)) return fallback;
  return count(name, max);
}

Result<double> ConfigReader::number(std::string_view name) const {
  const json::value* value = find(name);
  const auto number = value == nullptr ? std::nullopt : as_number(*value);
  if (!number) return wrong(name, "a number");
  return *number;
}

Result<double> ConfigReader::number_or(std::string_view name, double fallback) const {
  if (!has(name)) return fallback;
  return number(name);
}

Result<std::vector<double>> ConfigReader::numbers(std::string_view name) const {
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

Result<bool> ConfigReader::boolean_or(std::string_view name, bool fallback) const {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) return wrong(name, "true or false");
  return value->get_bool();
}

Result<std::string_view> ConfigReader::text(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr || !value->is_string()) return wrong(name, "a string");
  return std::string_view(value->get_string());
}

Result<std::string_view> ConfigReader::text_or(std::string_view name, std::string_view fallback) const {
  if (!has(name)) return fallback;
  return text(name);
}

Result<std::vector<std::string_view>> ConfigReader::texts(std::string_view name) const {
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

Result<std::optional<ConfigReader>> ConfigReader::object(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::optional<ConfigReader>();
  if (!value->is_object()) return wrong(name, "an object");
  return std::optional<ConfigReader>(ConfigReader(value->get_object(), where_ + ": " + std::string(name)));
}

Status ConfigReader::expect(std::string_view name, bool only, bool fallback) const {
  SIXFOLD_TRY(const bool value, boolean_or(name, fallback));
  if (value != only) return unsupported(name, "{} is not supported, want {}", value, only);
  return ok();
}

}  // namespace sixfold::formats::huggingface
