// Looks fields up and says what is wrong with them.
#include "tokenizer/hf/json_node.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

}  // namespace

Error JsonNode::error(std::string_view message) const {
  return corrupt_data("tokenizer.json: {}{}{}", path_, path_.empty() ? "" : ": ", message);
}

Error JsonNode::wrong(std::string_view want) const {
  return error(fmt::format("want {}, got {}", want, kind_name(*value_)));
}

std::optional<JsonNode> JsonNode::find(std::string_view name) const {
  if (!value_->is_object()) return std::nullopt;
  const json::value* field = value_->get_object().if_contains(name);
  if (field == nullptr || field->is_null()) return std::nullopt;
  return JsonNode(*field, path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name));
}

Result<JsonNode> JsonNode::get(std::string_view name) const {
  SIXFOLD_TRY_STATUS(object());
  const auto field = find(name);
  if (!field.has_value()) return error(fmt::format("want a field \"{}\"", name));
  return *field;
}

Result<std::string_view> JsonNode::string(std::string_view name) const {
  SIXFOLD_TRY(const JsonNode field, get(name));
  return field.text();
}

Result<std::string_view> JsonNode::string_or(std::string_view name, std::string_view fallback) const {
  const auto field = find(name);
  if (!field.has_value()) return fallback;
  return field->text();
}

Result<bool> JsonNode::flag_or(std::string_view name, bool fallback) const {
  const auto field = find(name);
  if (!field.has_value()) return fallback;
  if (!field->value_->is_bool()) return field->wrong("a boolean");
  return field->value_->get_bool();
}

Result<std::uint64_t> JsonNode::count_or(std::string_view name, std::uint64_t fallback) const {
  const auto field = find(name);
  if (!field.has_value()) return fallback;
  return field->count();
}

Result<const json::object*> JsonNode::object() const {
  if (!value_->is_object()) return wrong("an object");
  return &value_->get_object();
}

Result<const json::array*> JsonNode::array() const {
  if (!value_->is_array()) return wrong("an array");
  return &value_->get_array();
}

Result<std::string_view> JsonNode::text() const {
  if (!value_->is_string()) return wrong("a string");
  return std::string_view(value_->get_string());
}

Result<std::uint64_t> JsonNode::count() const {
  if (value_->is_int64() && value_->get_int64() >= 0) return static_cast<std::uint64_t>(value_->get_int64());
  if (value_->is_uint64()) return value_->get_uint64();
  return value_->is_number() ? error("want a whole number that is not negative") : wrong("a number");
}

JsonNode JsonNode::element(std::size_t index) const {
  return {value_->get_array()[index], fmt::format("{}[{}]", path_, index)};
}

}  // namespace sixfold::tokenizer::hf
