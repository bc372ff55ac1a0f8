// JSON from files, peers and users, parsed strictly: a key given twice in one object, deep nesting and too many values
// are refused while parsing.  (Boost.JSON's own parser silently keeps the last of two keys.)
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "core/result.h"

namespace sixfold {

namespace json = boost::json;

struct JsonLimits {
  std::size_t depth = limits::kJsonDepthMax;
  std::size_t values = std::size_t{4} << 20;  // keys count too; memory is at most some 60 bytes for each, plus the text
};

// name: the file or address, for messages.  memory: where the value lives; by default the heap.
// Errors: corrupt_data with the byte where the text stops being acceptable, resource_exhausted.
Result<json::value> parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {},
                               json::storage_ptr memory = {});

// The same for a text that must be one object.
Result<json::object> parse_json_object(std::string_view text, std::string_view name, const JsonLimits& limits = {});

// The value as a message shows it: short, one line; arrays and objects by their kind.
std::string shown_json(const json::value& value);

// The number that a value is, if it is one.  Integers of at least 0, written as such:
std::optional<std::uint64_t> as_unsigned(const json::value& value);
// integers, however they are written (16 and 16.0):
std::optional<std::int64_t> as_integer(const json::value& value);
// finite numbers:
std::optional<double> as_number(const json::value& value);

// A field of the wanted type, or "" / nothing / null: for what others write, where a field that is left out and one
// that is wrong are one to us.  json_reader.h tells them apart.
std::string text_at(const json::object& object, std::string_view name);
std::optional<std::uint64_t> count_at(const json::object& object, std::string_view name);
const json::object* object_at(const json::object& object, std::string_view name);
const json::array* array_at(const json::object& object, std::string_view name);

}  // namespace sixfold
