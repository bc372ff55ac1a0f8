// Boost.JSON with a bound on depth.
#include "registry/json.h"

#include <exception>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::registry {
namespace {

const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

}  // namespace

Result<json::object> parse_object(std::string_view text, std::string_view what) {
  try {
    json::parse_options options;
    options.max_depth = limits::kJsonDepthMax;
    json::error_code failure;
    json::value value = json::parse({text.data(), text.size()}, failure, {}, options);
    if (failure) return corrupt_data("{}: want JSON, got {}", what, failure.message());
    if (!value.is_object()) return corrupt_data("{}: want a JSON object", what);
    return std::move(value.get_object());
  } catch (const std::exception& error) {
    return corrupt_data("{}: want JSON, got {}", what, error.what());
  }
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::uint64_t> count_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr) return std::nullopt;
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
  return std::nullopt;
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace sixfold::registry
