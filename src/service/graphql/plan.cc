// Every field that is written out counts against a budget, so that fragments inside fragments cannot explode.
#include "service/graphql/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "service/graphql/coerce.h"

namespace sixfold::service::graphql {
namespace {

class Planner {
 public:
  Planner(const Schema& schema, const Document& document) : schema_(schema), document_(document) {}

  Outcome<std::vector<PlanField>> plan(const Operation& operation, const json::object& given) {
    read_variables(operation, given);
    std::vector<PlanField> out;
    if (!error_) collect(operation.selections, schema_.query(), out, 0);
    if (error_) return *std::move(error_);
    return out;
  }

 private:
  void fail(GraphqlError error) {
    if (!error_) error_ = std::move(error);
  }

  void read_variables(const Operation& operation, const json::object& given) {
    for (const VariableDefinition& variable : operation.variables) {
      const json::value* value = given.if_contains(variable.name);
      if (value == nullptr && variable.default_value) {
        Variables none;
        auto made = coerce_literal(schema_, *variable.default_value, variable.type, none);
        if (auto* error = std::get_if<GraphqlError>(&made)) return fail(std::move(*error));
        if (auto& got = std::get<0>(made)) variables_.values[variable.name] = *std::move(got);
        continue;
      }
      if (value == nullptr) {
        if (!is_non_null(variable.type)) continue;
        return fail(error_at(variable.where, fmt::format("Variable \"${}\" of required type \"{}\" was not provided.",
                                                         variable.name, shown_type(variable.type))));
      }
      auto coerced = coerce_json(schema_, *value, variable.type, variable.name);
      if (auto* error = std::get_if<GraphqlError>(&coerced)) {
        error->locations = {variable.where};
        return fail(std::move(*error));
      }
      variables_.values[variable.name] = std::get<0>(std::move(coerced));
    }
  }

  json::object arguments_of(const std::vector<Argument>& given, const std::vector<InputDefinition>& definitions,
                            Location where) {
    json::object out;
    for (const InputDefinition& input : definitions) {
      const auto found = std::find_if(given.begin(), given.end(),
                                      [&](const Argument& argument) { return argument.name == input.name; });
      std::optional<json::value> value;
      for (const Value* literal :
           {found != given.end() ? &found->value : nullptr, input.default_value ? &*input.default_value : nullptr}) {
        if (literal == nullptr || value) continue;
        auto coerced = coerce_literal(schema_, *literal, input.type, variables_);
        if (auto* error = std::get_if<GraphqlError>(&coerced)) {
          fail(std::move(*error));
          return out;
        }
        value = std::get<0>(std::move(coerced));
      }
      if (value) {
        out[input.name] = *std::move(value);
      } else if (is_non_null(input.type)) {
        fail(error_at(where, fmt::format("Argument \"{}\" of required type \"{}\" has no value.", input.name,
                                         shown_type(input.type))));
      }
    }
    return out;
  }

  bool is_skipped(const Selection& selection) {
    for (const Directive& directive : selection.directives) {
      for (const DirectiveDefinition& definition : schema_.directives()) {
        if (definition.name != directive.name) continue;
        const json::object arguments = arguments_of(directive.arguments, definition.arguments, directive.where);
        const json::value* condition = arguments.if_contains("if");
        if (condition != nullptr && condition->is_bool() && condition->get_bool() == (directive.name == "skip"))
          return true;
      }
    }
    return false;
  }

  void collect(const std::vector<Selection>& selections, const TypeDefinition& parent, std::vector<PlanField>& out,
               std::size_t depth) {
    // A chain of fragments may be deeper than any one of them.
    if (depth > kDepthMax) return fail({fmt::format("The query is nested deeper than {}.", kDepthMax), {}, {}, {}});
    for (const Selection& selection : selections) {
      if (error_) return;
      if (++fields_ > kFieldsMax) {
        return fail(error_at(selection.where, fmt::format("The query asks for more than {} fields.", kFieldsMax)));
      }
      if (is_skipped(selection)) continue;
      if (selection.kind == Selection::Kind::kField) {
        add_field(selection, parent, out, depth);
      } else if (selection.kind == Selection::Kind::kInline) {
        collect(selection.selections, parent, out, depth + 1);
      } else {
        for (const Fragment& fragment : document_.fragments) {
          if (fragment.name == selection.name) collect(fragment.selections, parent, out, depth + 1);
        }
      }
    }
  }

  void add_field(const Selection& selection, const TypeDefinition& parent, std::vector<PlanField>& out,
                 std::size_t depth) {
    PlanField field;
    field.key = selection.alias.empty() ? selection.name : selection.alias;
    field.name = selection.name;
    field.parent = parent.name;
    field.where = selection.where;
    field.definition = parent.field(selection.name);
    if (field.definition == nullptr) field.definition = schema_.introspection_field(selection.name);
    if (field.definition != nullptr) {
      field.arguments = arguments_of(selection.arguments, field.definition->arguments, selection.where);
    }
    if (error_) return;
    auto same = std::find_if(out.begin(), out.end(), [&](const PlanField& other) { return other.key == field.key; });
    if (same == out.end()) {
      out.push_back(std::move(field));
      same = out.end() - 1;
    } else if (same->name != field.name || same->arguments != field.arguments) {
      return fail({fmt::format("Fields \"{}\" conflict because they ask for different things. Use different aliases "
                               "on the fields to fetch both if this was intentional.",
                               field.key),
                   {same->where, field.where},
                   {},
                   {}});
    }
    if (selection.selections.empty()) return;
    const TypeDefinition& type = *schema_.find(innermost_name(same->definition->type));
    collect(selection.selections, type, same->fields, depth + 1);
  }

  const Schema& schema_;
  const Document& document_;
  Variables variables_;
  std::size_t fields_ = 0;
  std::optional<GraphqlError> error_;
};

}  // namespace

Outcome<std::vector<PlanField>> make_plan(const Schema& schema, const Document& document,
                                          std::string_view operation_name, const json::object& variables) {
  const auto& operations = document.operations;
  const auto found = std::find_if(operations.begin(), operations.end(), [&](const Operation& operation) {
    return operation_name.empty() || operation.name == operation_name;
  });
  if (operations.empty()) return GraphqlError{"The document has no operation.", {}, {}, {}};
  if (operation_name.empty() && operations.size() > 1) {
    return GraphqlError{"Must provide operation name if query contains multiple operations.", {}, {}, {}};
  }
  if (found == operations.end()) {
    return GraphqlError{fmt::format("Unknown operation named \"{}\".", operation_name), {}, {}, {}};
  }
  return Planner(schema, document).plan(*found, variables);
}

}  // namespace sixfold::service::graphql
