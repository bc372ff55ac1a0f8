// A fragment is read once for each selection set, and every field that is read counts against a budget, so that
// fragments inside fragments cannot explode.  What @skip and @include leave out, and operations that are not asked for,
// are read too: whether fields of one name fit together must not depend on variables.
#include "service/graphql/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "service/graphql/coerce.h"

namespace sixfold::service::graphql {
namespace {

bool is_same(const Value& one, const Value& other);

// Whether each part of `some`, which have names, is the same in `others`, in any order.  Names do not repeat.
template <class Parts>
bool has_same_parts(const Parts& some, const Parts& others) {
  return some.size() == others.size() && std::all_of(some.begin(), some.end(), [&](const auto& part) {
           return std::any_of(others.begin(), others.end(), [&](const auto& other) {
             return part.name == other.name && is_same(part.value, other.value);
           });
         });
}

bool is_same(const Value& one, const Value& other) {
  return one.kind == other.kind && one.text == other.text &&
         std::equal(one.list.begin(), one.list.end(), other.list.begin(), other.list.end(), is_same) &&
         has_same_parts(one.fields, other.fields);
}

struct Key;

// What is known of one selection set, which may be written in many places.
struct SelectionSet {
  std::map<std::string_view, std::unique_ptr<Key>> keys;
  std::map<const Fragment*, bool> fragments;  // that were read; true: not only to be left out
};

struct Key {
  const Selection* first = nullptr;
  std::optional<std::size_t> place;  // in the plan; nothing: it was left out so far
  SelectionSet inside;
};

class Planner {
 public:
  Planner(const Schema& schema, const Document& document) : schema_(schema), document_(document) {
    for (const Fragment& fragment : document.fragments) fragments_.emplace(fragment.name, &fragment);
  }

  Outcome<std::vector<PlanField>> plan(const Operation& wanted, const json::object& given) {
    std::vector<PlanField> out;
    read_variables(wanted, given);
    for (const Operation& operation : document_.operations) {
      SelectionSet set;
      if (!error_) collect(operation.selections, schema_.query(), set, &operation == &wanted ? &out : nullptr, 0);
    }
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

  Outcome<json::object> arguments_of(const std::vector<Argument>& given,
                                     const std::vector<InputDefinition>& definitions, Location where) {
    json::object out;
    for (const InputDefinition& input : definitions) {
      const auto found = std::find_if(given.begin(), given.end(),
                                      [&](const Argument& argument) { return argument.name == input.name; });
      std::optional<json::value> value;
      for (const Value* literal :
           {found != given.end() ? &found->value : nullptr, input.default_value ? &*input.default_value : nullptr}) {
        if (literal == nullptr || value) continue;
        auto coerced = coerce_literal(schema_, *literal, input.type, variables_);
        if (auto* error = std::get_if<GraphqlError>(&coerced)) return std::move(*error);
        value = std::get<0>(std::move(coerced));
      }
      if (value) {
        out[input.name] = *std::move(value);
      } else if (is_non_null(input.type)) {
        return error_at(where, fmt::format("Argument \"{}\" of required type \"{}\" has no value.", input.name,
                                           shown_type(input.type)));
      }
    }
    return out;
  }

  bool is_skipped(const Selection& selection) {
    for (const Directive& directive : selection.directives) {
      for (const DirectiveDefinition& definition : schema_.directives()) {
        if (definition.name != directive.name) continue;
        auto arguments = arguments_of(directive.arguments, definition.arguments, directive.where);
        if (auto* error = std::get_if<GraphqlError>(&arguments)) {
          fail(std::move(*error));
          return true;
        }
        if (std::get<0>(arguments).at("if").get_bool() == (directive.name == "skip")) return true;
      }
    }
    return false;
  }

  // A field that may be null fails alone.
  void set_arguments(PlanField& field, const Selection& selection) {
    auto arguments = arguments_of(selection.arguments, field.definition->arguments, selection.where);
    if (auto* error = std::get_if<GraphqlError>(&arguments)) {
      const bool is_root = field.parent == schema_.query().name;
      if (!is_root || is_non_null(field.definition->type)) return fail(std::move(*error));
      field.failure = std::move(*error);
    } else {
      field.arguments = std::get<0>(std::move(arguments));
    }
  }

  // out: null when all of it is left out.
  void collect(const std::vector<Selection>& selections, const TypeDefinition& parent, SelectionSet& set,
               std::vector<PlanField>* out, std::size_t depth) {
    // A chain of fragments may be deeper than any one of them.
    if (depth > kDepthMax) return fail({fmt::format("The query is nested deeper than {}.", kDepthMax), {}, {}, {}});
    for (const Selection& selection : selections) {
      if (error_) return;
      if (++fields_ > kFieldsMax) {
        return fail(error_at(selection.where, fmt::format("The query asks for more than {} fields.", kFieldsMax)));
      }
      std::vector<PlanField>* const into = out == nullptr || is_skipped(selection) ? nullptr : out;
      if (selection.kind == Selection::Kind::kField) {
        add_field(selection, parent, set, into, depth);
      } else if (selection.kind == Selection::Kind::kInline) {
        collect(selection.selections, parent, set, into, depth + 1);
      } else {
        const Fragment& fragment = *fragments_.at(selection.name);
        const auto [read, is_new] = set.fragments.try_emplace(&fragment, into != nullptr);
        if (!is_new && (read->second || into == nullptr)) continue;
        read->second = into != nullptr;
        collect(fragment.selections, parent, set, into, depth + 1);
      }
    }
  }

  void add_field(const Selection& selection, const TypeDefinition& parent, SelectionSet& set,
                 std::vector<PlanField>* out, std::size_t depth) {
    const std::string& name = selection.alias.empty() ? selection.name : selection.alias;
    std::unique_ptr<Key>& key = set.keys[name];
    if (key == nullptr) {
      key = std::make_unique<Key>();
      key->first = &selection;
    } else if (key->first->name != selection.name || !has_same_parts(key->first->arguments, selection.arguments)) {
      return fail({fmt::format("Fields \"{}\" conflict because they ask for different things. Use different aliases "
                               "on the fields to fetch both if this was intentional.",
                               name),
                   {key->first->where, selection.where},
                   {},
                   {}});
    }
    const FieldDefinition* definition = parent.field(selection.name);
    if (definition == nullptr) definition = schema_.introspection_field(selection.name);
    if (out != nullptr && !key->place) {
      key->place = out->size();
      PlanField& field = out->emplace_back();
      field.key = name;
      field.name = selection.name;
      field.parent = parent.name;
      field.where = selection.where;
      field.definition = definition;
      if (definition != nullptr) set_arguments(field, selection);
    }
    if (error_ || selection.selections.empty()) return;
    collect(selection.selections, *schema_.find(innermost_name(definition->type)), key->inside,
            out == nullptr ? nullptr : &(*out)[*key->place].fields, depth + 1);
  }

  const Schema& schema_;
  const Document& document_;
  std::map<std::string_view, const Fragment*> fragments_;
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
