// Looks up metadata and tensors, and reads metadata as the type the caller wants.
#include "formats/checkpoint.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>

#include "core/error.h"

namespace sixfold::formats {
namespace {

std::string_view kind_name(const MetadataValue& value) {
  // In the order of the alternatives of MetadataValue.
  constexpr std::array<std::string_view, std::variant_size_v<MetadataValue>> kNames = {"an unsigned integer",
                                                                                       "a signed integer",
                                                                                       "a floating-point number",
                                                                                       "a boolean",
                                                                                       "a string",
                                                                                       "an array of unsigned integers",
                                                                                       "an array of signed integers",
                                                                                       "an array of numbers",
                                                                                       "an array of booleans",
                                                                                       "an array of strings"};
  return kNames[value.index()];
}

Error absent(const Checkpoint& checkpoint, std::string_view key, std::string_view wanted) {
  return not_found("{}: metadata {}: want {}, got nothing", checkpoint.path(), key, wanted);
}

Error wrong_kind(const Checkpoint& checkpoint, std::string_view key, std::string_view wanted,
                 const MetadataValue& value) {
  return corrupt_data("{}: metadata {}: want {}, got {}", checkpoint.path(), key, wanted, kind_name(value));
}

// Finds the entry and hands it to `read`, which returns nullopt for a kind it does not take.
template <class T, class Read>
Result<T> read_as(const Checkpoint& checkpoint, std::string_view key, std::string_view wanted, Read read) {
  const MetadataValue* value = checkpoint.find(key);
  if (value == nullptr) return absent(checkpoint, key, wanted);
  std::optional<T> found = read(*value);
  if (!found.has_value()) return wrong_kind(checkpoint, key, wanted, *value);
  return std::move(*found);
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& from) {
  std::vector<To> to(from.size());
  std::transform(from.begin(), from.end(), to.begin(), [](From element) { return static_cast<To>(element); });
  return to;
}

std::optional<std::uint64_t> as_unsigned(const MetadataValue& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && *number >= 0) return static_cast<std::uint64_t>(*number);
  return std::nullopt;
}

std::optional<double> as_number(const MetadataValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  return std::nullopt;
}

std::optional<std::vector<double>> as_numbers(const MetadataValue& value) {
  if (const auto* list = std::get_if<std::vector<double>>(&value)) return *list;
  if (const auto* list = std::get_if<std::vector<std::uint64_t>>(&value)) return converted<double>(*list);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) return converted<double>(*list);
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> as_integers(const MetadataValue& value) {
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) return *list;
  const auto* list = std::get_if<std::vector<std::uint64_t>>(&value);
  const auto fits = [](std::uint64_t element) { return element <= std::numeric_limits<std::int64_t>::max(); };
  if (list == nullptr || !std::all_of(list->begin(), list->end(), fits)) return std::nullopt;
  return converted<std::int64_t>(*list);
}

}  // namespace

const MetadataValue* Checkpoint::find(std::string_view key) const {
  const auto place = std::lower_bound(metadata_.begin(), metadata_.end(), key,
                                      [](const MetadataEntry& entry, std::string_view k) { return entry.key < k; });
  return place != metadata_.end() && place->key == key ? &place->value : nullptr;
}

const TensorView* Checkpoint::find_tensor(std::string_view name) const {
  const auto place =
      std::lower_bound(tensors_by_name_.begin(), tensors_by_name_.end(), name,
                       [&](std::uint32_t index, std::string_view n) { return tensors_[index].name < n; });
  return place != tensors_by_name_.end() && tensors_[*place].name == name ? &tensors_[*place] : nullptr;
}

const FileMap* Checkpoint::file_of(std::span<const std::byte> tensor) const {
  const std::less<> before;  // addresses of different mappings have an order only as std::less gives it
  for (const FileMap& file : files_) {
    const std::byte* const begin = file.bytes().data();
    if (!before(tensor.data(), begin) && before(tensor.data(), begin + file.bytes().size())) return &file;
  }
  return nullptr;
}

void Checkpoint::release(std::span<const std::byte> tensor) const {
  if (const FileMap* file = file_of(tensor)) file->release(tensor);
}

void Checkpoint::expect_few_reads() const {
  for (const FileMap& file : files_) file.expect_few_reads();
}

Result<std::uint64_t> Checkpoint::unsigned_integer(std::string_view key) const {
  return read_as<std::uint64_t>(*this, key, "an integer of at least 0", as_unsigned);
}

Result<double> Checkpoint::number(std::string_view key) const {
  return read_as<double>(*this, key, "a number", as_number);
}

Result<bool> Checkpoint::boolean(std::string_view key) const {
  return read_as<bool>(*this, key, "a boolean", [](const MetadataValue& value) -> std::optional<bool> {
    const auto* flag = std::get_if<bool>(&value);
    return flag == nullptr ? std::nullopt : std::optional<bool>(*flag);
  });
}

Result<std::string_view> Checkpoint::string(std::string_view key) const {
  return read_as<std::string_view>(*this, key, "a string",
                                   [](const MetadataValue& value) -> std::optional<std::string_view> {
                                     const auto* text = std::get_if<std::string>(&value);
                                     return text == nullptr ? std::nullopt : std::optional<std::string_view>(*text);
                                   });
}

Result<const StringArray*> Checkpoint::strings(std::string_view key) const {
  using Strings = const StringArray*;
  return read_as<Strings>(*this, key, "an array of strings", [](const MetadataValue& value) -> std::optional<Strings> {
    const auto* list = std::get_if<StringArray>(&value);
    return list == nullptr ? std::nullopt : std::optional<Strings>(list);
  });
}

Result<std::vector<double>> Checkpoint::numbers(std::string_view key) const {
  return read_as<std::vector<double>>(*this, key, "an array of numbers", as_numbers);
}

Result<std::vector<std::int64_t>> Checkpoint::integers(std::string_view key) const {
  return read_as<std::vector<std::int64_t>>(*this, key, "an array of 64-bit signed integers", as_integers);
}

Result<std::uint64_t> Checkpoint::unsigned_integer_or(std::string_view key, std::uint64_t fallback) const {
  if (find(key) == nullptr) return fallback;
  return unsigned_integer(key);
}

Result<double> Checkpoint::number_or(std::string_view key, double fallback) const {
  if (find(key) == nullptr) return fallback;
  return number(key);
}

Result<bool> Checkpoint::boolean_or(std::string_view key, bool fallback) const {
  if (find(key) == nullptr) return fallback;
  return boolean(key);
}

Result<std::string_view> Checkpoint::string_or(std::string_view key, std::string_view fallback) const {
  if (find(key) == nullptr) return fallback;
  return string(key);
}

}  // namespace sixfold::formats
