// JSON of registries and of our own records: parsed within limits, read field by field.
#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sixfold::registry {

namespace json = boost::json;

// what: for messages, "GET https://host/path".  Errors: corrupt_data for anything but one JSON object.
Result<json::object> parse_object(std::string_view text, std::string_view what);

// A field of the wanted type, or "" / nothing / null: what a peer leaves out and what it gets wrong are one to us.
std::string text_at(const json::object& object, std::string_view name);
std::optional<std::uint64_t> count_at(const json::object& object, std::string_view name);
const json::object* object_at(const json::object& object, std::string_view name);
const json::array* array_at(const json::object& object, std::string_view name);

}  // namespace sixfold::registry
