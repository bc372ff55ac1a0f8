// Source: GraphQL specification, October 2021, section 3.5 (scalars) and 3.10 (inputs).
#include "service/graphql/coerce.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace sixfold::service::graphql {
namespace {

bool has_value_named(const TypeDefinition& type, std::string_view name) {
  return std::any_of(type.values.begin(), type.values.end(), [&](const EnumValue& v) { return v.name == name; });
}

std::optional<std::int32_t> int_of(const std::string& text) {
  std::int32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> float_of(const std::string& text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Roughly what a copy of a value costs.
std::size_t weight_of(const json::value& value) {
  std::size_t weight = 1;
  if (value.is_string()) weight += value.get_string().size() / 16;
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) weight += weight_of(item);
  }
  if (value.is_object()) {
    for (const auto& field : value.get_object()) weight += 1 + weight_of(field.value());
  }
  return weight;
}

// Before it is copied, for a copy may be too large to be made at all.
std::optional<GraphqlError> pay_for(const json::value& value, Location where, Variables& variables) {
  const std::size_t weight = weight_of(value);
  if (weight > variables.weight_left) {
    return error_at(where, "The values of all arguments together are too large.");
  }
  variables.weight_left -= weight;
  return std::nullopt;
}

// The JSON of a literal of a scalar or enum; nothing when it does not fit.
std::optional<json::value> leaf_of(const TypeDefinition& type, const Value& value) {
  const auto is = [&](Value::Kind kind) { return value.kind == kind; };
  if (type.kind == TypeKind::kEnum) {
    if (is(Value::Kind::kEnum) && has_value_named(type, value.text)) return json::value(value.text);
    return std::nullopt;
  }
  if (type.name == "String" && is(Value::Kind::kString)) return json::value(value.text);
  if (type.name == "Boolean" && is(Value::Kind::kBoolean)) return json::value(value.text == "true");
  if (type.name == "Int" && is(Value::Kind::kInt)) {
    if (const auto number = int_of(value.text)) return json::value(*number);
  }
  if (type.name == "Float" && (is(Value::Kind::kInt) || is(Value::Kind::kFloat))) {
    if (const auto number = float_of(value.text)) return json::value(*number);
  }
  return std::nullopt;
}

const InputDefinition* input_named(const TypeDefinition& type, std::string_view name) {
  const auto found =
      std::find_if(type.inputs.begin(), type.inputs.end(), [&](const auto& input) { return input.name == name; });
  return found == type.inputs.end() ? nullptr : &*found;
}

std::optional<GraphqlError> check_object(const Schema& schema, const Value& value, const TypeDefinition& type) {
  for (std::size_t i = 0; i < value.fields.size(); ++i) {
    const auto& [name, field, where] = value.fields[i];
    const InputDefinition* input = input_named(type, name);
    if (input == nullptr) {
      return error_at(where, fmt::format("Field \"{}\" is not defined by type \"{}\".", name, type.name));
    }
    for (std::size_t before = 0; before < i; ++before) {
      if (value.fields[before].name == name) {
        return error_at(where, fmt::format("There can be only one input field named \"{}\".", name));
      }
    }
    if (auto error = check_literal(schema, field, input->type)) return error;
  }
  for (const InputDefinition& input : type.inputs) {
    const bool is_given = std::any_of(value.fields.begin(), value.fields.end(),
                                      [&](const auto& field) { return field.name == input.name; });
    if (!is_given && is_non_null(input.type) && !input.default_value) {
      return error_at(value.where, fmt::format("Field \"{}.{}\" of required type \"{}\" was not provided.", type.name,
                                               input.name, shown_type(input.type)));
    }
  }
  return std::nullopt;
}

GraphqlError wrong(const std::string& path, const Type& type, const json::value& got) {
  GraphqlError error;
  error.message = fmt::format("Variable \"${}\": want {}, got {}.", path, shown_type(type), shown_json(got));
  return error;
}

std::optional<json::value> leaf_of_json(const TypeDefinition& type, const json::value& value) {
  if (type.kind == TypeKind::kEnum) {
    if (value.is_string() && has_value_named(type, std::string_view(value.get_string()))) return value;
    return std::nullopt;
  }
  if (type.name == "String" && value.is_string()) return value;
  if (type.name == "Boolean" && value.is_bool()) return value;
  if (type.name == "Int") {
    const auto number = as_integer(value);
    using Limits = std::numeric_limits<std::int32_t>;
    if (number && *number >= Limits::min() && *number <= Limits::max()) return json::value(*number);
  }
  if (type.name == "Float") {
    if (const auto number = as_number(value)) return json::value(*number);
  }
  return std::nullopt;
}

}  // namespace

std::optional<GraphqlError> check_literal(const Schema& schema, const Value& value, const Type& type) {
  if (value.kind == Value::Kind::kVariable) return std::nullopt;  // its type is compared where it is used
  const auto refuse = [&] {
    return error_at(value.where,
                    fmt::format("Expected value of type \"{}\", found {}.", shown_type(type), shortened_value(value)));
  };
  if (is_non_null(type)) {
    return value.kind == Value::Kind::kNull ? refuse() : check_literal(schema, value, type.of.front());
  }
  if (value.kind == Value::Kind::kNull) return std::nullopt;
  if (type.kind == Type::Kind::kList) {
    if (value.kind != Value::Kind::kList) return check_literal(schema, value, type.of.front());  // a list of one
    for (const Value& item : value.list) {
      if (auto error = check_literal(schema, item, type.of.front())) return error;
    }
    return std::nullopt;
  }
  const TypeDefinition& definition = *schema.find(type.name);
  if (definition.kind == TypeKind::kInput) {
    return value.kind == Value::Kind::kObject ? check_object(schema, value, definition) : refuse();
  }
  return leaf_of(definition, value) ? std::nullopt : std::optional(refuse());
}

Outcome<std::optional<json::value>> coerce_literal(const Schema& schema, const Value& value, const Type& type,
                                                   Variables& variables) {
  using Maybe = std::optional<json::value>;
  if (value.kind == Value::Kind::kVariable) {
    const json::value* found = variables.values.if_contains(value.text);
    if (found == nullptr) return Maybe();
    if (found->is_null() && is_non_null(type)) {
      return error_at(value.where, fmt::format("Expected value of type \"{}\", found null.", shown_type(type)));
    }
    if (auto error = pay_for(*found, value.where, variables)) return *std::move(error);
    return Maybe(*found);
  }
  const Type& inner = nullable(type);
  if (value.kind == Value::Kind::kNull) return Maybe(json::value(nullptr));
  if (inner.kind == Type::Kind::kList) {
    json::array out;
    const auto add = [&](const Value& item) -> std::optional<GraphqlError> {
      auto coerced = coerce_literal(schema, item, inner.of.front(), variables);
      if (auto* error = std::get_if<GraphqlError>(&coerced)) return std::move(*error);
      Maybe got = std::get<0>(std::move(coerced));
      if (!got && is_non_null(inner.of.front())) {
        return error_at(item.where, fmt::format("Variable \"${}\" has no value.", item.text));
      }
      out.push_back(got ? *std::move(got) : json::value(nullptr));
      return std::nullopt;
    };
    if (value.kind != Value::Kind::kList) {
      if (auto error = add(value)) return *std::move(error);
    }
    for (const Value& item : value.list) {
      if (auto error = add(item)) return *std::move(error);
    }
    return Maybe(json::value(std::move(out)));
  }
  const TypeDefinition& definition = *schema.find(inner.name);
  if (definition.kind != TypeKind::kInput) {
    Maybe leaf = leaf_of(definition, value);
    if (leaf) {
      if (auto error = pay_for(*leaf, value.where, variables)) return *std::move(error);
    }
    return leaf;
  }
  json::object out;
  for (const InputDefinition& input : definition.inputs) {
    const auto given = std::find_if(value.fields.begin(), value.fields.end(),
                                    [&](const auto& field) { return field.name == input.name; });
    const Value* literal = given != value.fields.end() ? &given->value : nullptr;
    if (literal == nullptr && input.default_value) literal = &*input.default_value;
    if (literal == nullptr) continue;
    auto coerced = coerce_literal(schema, *literal, input.type, variables);
    if (auto* error = std::get_if<GraphqlError>(&coerced)) return std::move(*error);
    if (auto& got = std::get<0>(coerced)) {
      out[input.name] = *std::move(got);
    } else if (is_non_null(input.type)) {
      return error_at(literal->where, fmt::format("Variable \"${}\" has no value.", literal->text));
    }
  }
  return Maybe(json::value(std::move(out)));
}

Outcome<json::value> coerce_json(const Schema& schema, const json::value& value, const Type& type,
                                 const std::string& path) {
  if (value.is_null()) {
    if (is_non_null(type)) return wrong(path, type, value);
    return json::value(nullptr);
  }
  const Type& inner = nullable(type);
  if (inner.kind == Type::Kind::kList) {
    json::array out;
    if (!value.is_array()) {
      auto coerced = coerce_json(schema, value, inner.of.front(), path);
      if (coerced.index() == 1) return coerced;
      out.push_back(std::get<0>(std::move(coerced)));
      return json::value(std::move(out));
    }
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      auto coerced = coerce_json(schema, value.get_array()[i], inner.of.front(), fmt::format("{}[{}]", path, i));
      if (coerced.index() == 1) return coerced;
      out.push_back(std::get<0>(std::move(coerced)));
    }
    return json::value(std::move(out));
  }
  const TypeDefinition& definition = *schema.find(inner.name);
  if (definition.kind != TypeKind::kInput) {
    if (auto leaf = leaf_of_json(definition, value)) return *std::move(leaf);
    return wrong(path, type, value);
  }
  if (!value.is_object()) return wrong(path, type, value);
  json::object out;
  for (const auto& field : value.get_object()) {
    const std::string name(field.key().data(), field.key().size());
    if (input_named(definition, name) == nullptr) {
      GraphqlError error;
      error.message = fmt::format("Variable \"${}\": type \"{}\" has no field \"{}\".", path, definition.name, name);
      return error;
    }
  }
  for (const InputDefinition& input : definition.inputs) {
    const json::value* given = value.get_object().if_contains(input.name);
    if (given == nullptr && input.default_value) {
      Variables none;
      auto made = coerce_literal(schema, *input.default_value, input.type, none);
      if (auto* error = std::get_if<GraphqlError>(&made)) return std::move(*error);
      if (auto& got = std::get<0>(made)) out[input.name] = *std::move(got);
      continue;
    }
    if (given == nullptr && !is_non_null(input.type)) continue;
    const json::value none(nullptr);
    auto coerced = coerce_json(schema, given == nullptr ? none : *given, input.type, path + "." + input.name);
    if (coerced.index() == 1) return coerced;
    out[input.name] = std::get<0>(std::move(coerced));
  }
  return json::value(std::move(out));
}

}  // namespace sixfold::service::graphql
