// Typed reads of one JSON object; a refusal names the file, the field, what was wanted and what is there.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/result.h"

namespace sixfold {

// null counts as absent, as it does for the programs that write these files.  One thread; views the object.
// Errors of all reads: corrupt_data.
class JsonReader {
 public:
  // where: the file, or the file and the path to this object within it.
  JsonReader(const json::object& object, std::string where) : object_(&object), where_(std::move(where)) {}

  const json::value* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // An integer from 1 to max.
  Result<std::uint64_t> count(std::string_view name, std::uint64_t max) const;
  Result<std::uint64_t> count_or(std::string_view name, std::uint64_t max, std::uint64_t fallback) const;

  // Finite.
  Result<double> number(std::string_view name) const;
  Result<double> number_or(std::string_view name, double fallback) const;
  // At least one, all finite.
  Result<std::vector<double>> numbers(std::string_view name) const;

  Result<bool> boolean_or(std::string_view name, bool fallback) const;

  Result<std::string_view> text(std::string_view name) const;
  Result<std::string_view> text_or(std::string_view name, std::string_view fallback) const;
  Result<std::vector<std::string_view>> texts(std::string_view name) const;

  // The object under a name; nothing when it is absent.
  Result<std::optional<JsonReader>> object(std::string_view name) const;

  // "config.json: hidden_size: want an integer, got "abc"".  corrupt_data.
  Error wrong(std::string_view name, std::string_view want) const;

  // The same for what is well formed, but asks for something that is not supported.  invalid_argument.
  template <class... Args>
  Error unsupported(std::string_view name, fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_argument("{}: {}: {}", where_, name, fmt::format(format, std::forward<Args>(args)...));
  }

  // Refuses every value but `only`.  Errors: invalid_argument.
  Status expect(std::string_view name, bool only, bool fallback) const;

 private:
  const json::object* object_;
  std::string where_;
};

}  // namespace sixfold
