// The checkpoint says what is missing or of another kind; the range is checked here.
#include "model/key_reader.h"

namespace sixfold::model {
namespace {

// A key that is absent where it has no fallback is damage, too.
Error as_corrupt(const Error& error) {
  return corrupt_data("{}", error.message);
}

}  // namespace

bool KeyReader::is_zero(std::string_view name) {
  mark_read(name);
  const auto value = checkpoint_.unsigned_integer(key(name));
  return value.is_ok() && *value == 0;
}

Result<std::size_t> KeyReader::count(std::string_view name, std::uint64_t limit) {
  mark_read(name);
  const auto value = checkpoint_.unsigned_integer(key(name));
  if (!value.is_ok()) return as_corrupt(value.error());
  if (*value < 1 || *value > limit) return out_of_range(name, *value, std::uint64_t{1}, limit);
  return static_cast<std::size_t>(*value);
}

Result<std::size_t> KeyReader::count_or(std::string_view name, std::uint64_t limit, std::size_t fallback) {
  if (!has(name)) return fallback;
  return count(name, limit);
}

Result<double> KeyReader::number(std::string_view name, Range range) {
  mark_read(name);
  const auto value = checkpoint_.number(key(name));
  if (!value.is_ok()) return as_corrupt(value.error());
  // Written so that NaN is refused.
  if (!(*value >= range.low && *value <= range.high)) return out_of_range(name, *value, range.low, range.high);
  return *value;
}

Result<double> KeyReader::number_or(std::string_view name, Range range, double fallback) {
  if (!has(name)) return fallback;
  return number(name, range);
}

Result<bool> KeyReader::boolean_or(std::string_view name, bool fallback) {
  mark_read(name);
  const auto value = checkpoint_.boolean_or(key(name), fallback);
  if (!value.is_ok()) return as_corrupt(value.error());
  return *value;
}

Result<std::string_view> KeyReader::string_or(std::string_view name, std::string_view fallback) {
  mark_read(name);
  const auto value = checkpoint_.string_or(key(name), fallback);
  if (!value.is_ok()) return as_corrupt(value.error());
  return *value;
}

}  // namespace sixfold::model
