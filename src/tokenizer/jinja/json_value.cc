// Recursion is bounded: core/json.h refuses deep nesting while it parses.
#include "tokenizer/jinja/json_value.h"

#include <limits>
#include <string>
#include <utility>

namespace sixfold::tokenizer::jinja {

Value value_of_json(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return Value::none();
    case json::kind::bool_:
      return Value::boolean(value.get_bool());
    case json::kind::int64:
      return Value::integer(value.get_int64());
    case json::kind::uint64: {
      const std::uint64_t number = value.get_uint64();
      const bool fits = number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return fits ? Value::integer(static_cast<std::int64_t>(number)) : Value::number(static_cast<double>(number));
    }
    case json::kind::double_:
      return Value::number(value.get_double());
    case json::kind::string:
      return Value::string(std::string(value.get_string()));
    case json::kind::array: {
      List list;
      list.reserve(value.get_array().size());
      for (const json::value& item : value.get_array()) list.push_back(value_of_json(item));
      return Value::list(std::move(list));
    }
    case json::kind::object: {
      // The parser refused keys that come twice, so that nothing has to be looked up.
      Dict dict;
      dict.entries.reserve(value.get_object().size());
      for (const auto& entry : value.get_object()) {
        dict.entries.emplace_back(std::string(entry.key()), value_of_json(entry.value()));
      }
      return Value::dict(std::move(dict));
    }
  }
  return Value::none();
}

Result<Value> value_of_json_text(std::string_view text, std::string_view name) {
  // Templates look into what they are given, so a level of nesting less than the parser's own limit stays in reach.
  const auto document = parse_json(text, name, {.depth = Value::kDepthMax / 2, .values = std::size_t{1} << 18});
  if (!document.is_ok()) return Error{ErrorCode::kInvalidArgument, document.error().message};
  return value_of_json(*document);
}

}  // namespace sixfold::tokenizer::jinja
