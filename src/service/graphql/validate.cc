// Source: GraphQL specification, October 2021, section 5; messages tell what to change.
#include "service/graphql/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "service/graphql/coerce.h"

namespace sixfold::service::graphql {
namespace {

constexpr std::size_t kErrorsMax = 20;

// Where a variable stands.
struct Use {
  const Value* variable;
  const Type* type;  // of the place; null: what the variable stands in is wrong itself
  bool has_default;  // the place, not the variable
};

// What a selection set, with what is inside it, uses.
struct Uses {
  std::vector<Use> variables;
  std::vector<const Selection*> spreads;
};

class Validator {
 public:
  Validator(const Schema& schema, const Document& document) : schema_(schema), document_(document) {
    for (const Fragment& fragment : document.fragments) fragments_.emplace(fragment.name, &fragment);
  }

  std::vector<GraphqlError> run() {
    check_names();
    for (const Fragment& fragment : document_.fragments) {
      Uses& uses = uses_[fragment.name];
      const TypeDefinition* type = schema_.find(fragment.condition);
      directives(fragment.directives, "FRAGMENT_DEFINITION", uses);
      if (type == nullptr) {
        add(fragment.condition_where, fmt::format("Unknown type \"{}\".", fragment.condition));
        mention(fragment.selections, uses);
      } else if (type->kind != TypeKind::kObject) {
        add(fragment.condition_where,
            fmt::format("Fragment \"{}\" cannot condition on non composite type \"{}\".", fragment.name, type->name));
        mention(fragment.selections, uses);
      } else {
        selections(fragment.selections, *type, uses);
      }
    }
    check_cycles();
    for (const Operation& operation : document_.operations) check_operation(operation);
    for (const Fragment& fragment : document_.fragments) {
      if (!used_.contains(fragment.name))
        add(fragment.where, fmt::format("Fragment \"{}\" is never used.", fragment.name));
    }
    return std::move(errors_);
  }

 private:
  void add(Location where, std::string message) {
    if (!is_full()) errors_.push_back(error_at(where, std::move(message)));
  }

  bool is_full() const { return errors_.size() >= kErrorsMax; }

  const Fragment* fragment_named(std::string_view name) const {
    const auto found = fragments_.find(name);
    return found == fragments_.end() ? nullptr : found->second;
  }

  void check_names() {
    std::set<std::string_view> seen;
    for (const Operation& operation : document_.operations) {
      if (operation.name.empty() && document_.operations.size() > 1) {
        add(operation.where, "This anonymous operation must be the only defined operation.");
      } else if (!seen.insert(operation.name).second) {
        add(operation.name_where, fmt::format("There can be only one operation named \"{}\".", operation.name));
      }
    }
    seen.clear();
    for (const Fragment& fragment : document_.fragments) {
      if (!seen.insert(fragment.name).second) {
        add(fragment.name_where, fmt::format("There can be only one fragment named \"{}\".", fragment.name));
      }
    }
  }

  void selections(const std::vector<Selection>& all, const TypeDefinition& parent, Uses& uses) {
    for (const Selection& selection : all) {
      switch (selection.kind) {
        case Selection::Kind::kField:
          field(selection, parent, uses);
          break;
        case Selection::Kind::kSpread: {
          directives(selection.directives, "FRAGMENT_SPREAD", uses);
          const Fragment* fragment = fragment_named(selection.name);
          if (fragment == nullptr) {
            add(selection.selections_where, fmt::format("Unknown fragment \"{}\".", selection.name));
            break;
          }
          uses.spreads.push_back(&selection);
          if (fragment->condition != parent.name && schema_.find(fragment->condition) != nullptr) {
            add(selection.where,
                fmt::format("Fragment \"{}\" cannot be spread here as objects of type \"{}\" can never "
                            "be of type \"{}\".",
                            selection.name, parent.name, fragment->condition));
          }
          break;
        }
        case Selection::Kind::kInline:
          directives(selection.directives, "INLINE_FRAGMENT", uses);
          if (selection.condition.empty() || selection.condition == parent.name) {
            selections(selection.selections, parent, uses);
            break;
          }
          mention(selection.selections, uses);
          const TypeDefinition* type = schema_.find(selection.condition);
          if (type == nullptr) {
            add(selection.condition_where, fmt::format("Unknown type \"{}\".", selection.condition));
          } else if (type->kind != TypeKind::kObject) {
            add(selection.condition_where,
                fmt::format("Fragment cannot condition on non composite type \"{}\".", type->name));
          } else {
            add(selection.where, fmt::format("Fragment cannot be spread here as objects of type \"{}\" can never be of "
                                             "type \"{}\".",
                                             parent.name, selection.condition));
          }
      }
    }
  }

  void field(const Selection& selection, const TypeDefinition& parent, Uses& uses) {
    directives(selection.directives, "FIELD", uses);
    if (selection.name == "__typename") {
      arguments(selection.arguments, {}, "field \"__typename\"", selection.where, uses);
      if (!selection.selections.empty()) {
        add(selection.selections_where, "Field \"__typename\" must not have a selection.");
        mention(selection.selections, uses);
      }
      return;
    }
    const FieldDefinition* definition = parent.field(selection.name);
    if (definition == nullptr && &parent == &schema_.query()) definition = schema_.introspection_field(selection.name);
    if (definition == nullptr) {
      add(selection.where, fmt::format("Cannot query field \"{}\" on type \"{}\".", selection.name, parent.name));
      mention(selection.arguments, uses);
      mention(selection.selections, uses);
      return;
    }
    arguments(selection.arguments, definition->arguments, fmt::format("field \"{}.{}\"", parent.name, selection.name),
              selection.where, uses);
    const TypeDefinition& type = *schema_.find(innermost_name(definition->type));
    const bool is_leaf = type.kind != TypeKind::kObject;
    if (is_leaf && !selection.selections.empty()) {
      add(selection.selections_where,
          fmt::format("Field \"{}\" must not have a selection since type \"{}\" has no subfields.", selection.name,
                      shown_type(definition->type)));
      mention(selection.selections, uses);
    } else if (!is_leaf && selection.selections.empty()) {
      add(selection.where, fmt::format("Field \"{}\" of type \"{}\" must have a selection of subfields. Did you mean "
                                       "\"{} {{ ... }}\"?",
                                       selection.name, shown_type(definition->type), selection.name));
    } else if (!is_leaf) {
      selections(selection.selections, type, uses);
    }
  }

  void arguments(const std::vector<Argument>& given, const std::vector<InputDefinition>& definitions,
                 const std::string& owner, Location where, Uses& uses) {
    std::set<std::string_view> seen;
    for (const Argument& argument : given) {
      if (!seen.insert(argument.name).second) {
        add(argument.where, fmt::format("There can be only one argument named \"{}\".", argument.name));
        mention(argument.value, uses);
        continue;
      }
      const auto found = std::find_if(definitions.begin(), definitions.end(),
                                      [&](const InputDefinition& input) { return input.name == argument.name; });
      if (found == definitions.end()) {
        add(argument.where, fmt::format("Unknown argument \"{}\" on {}.", argument.name, owner));
        mention(argument.value, uses);
        continue;
      }
      if (auto error = check_literal(schema_, argument.value, found->type)) {
        if (!is_full()) errors_.push_back(*std::move(error));
        mention(argument.value, uses);
      } else {
        collect(argument.value, found->type, found->default_value.has_value(), uses);
      }
    }
    for (const InputDefinition& input : definitions) {
      if (is_non_null(input.type) && !input.default_value && !seen.contains(input.name)) {
        add(where, fmt::format("Argument \"{}\" of type \"{}\" is required on {}, but it was not provided.", input.name,
                               shown_type(input.type), owner));
      }
    }
  }

  void directives(const std::vector<Directive>& given, std::string_view place, Uses& uses) {
    std::set<std::string_view> seen;
    for (const Directive& directive : given) {
      const auto& all = schema_.directives();
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const auto& definition) { return definition.name == directive.name; });
      if (found == all.end()) {
        add(directive.where, fmt::format("Unknown directive \"@{}\".", directive.name));
        mention(directive.arguments, uses);
        continue;
      }
      const bool is_allowed = place == "FIELD" || place == "FRAGMENT_SPREAD" || place == "INLINE_FRAGMENT";
      if (!is_allowed) {
        add(directive.where, fmt::format("Directive \"@{}\" may not be used on {}.", directive.name, place));
      }
      if (!seen.insert(directive.name).second) {
        add(directive.where,
            fmt::format("The directive \"@{}\" can only be used once at this location.", directive.name));
      }
      arguments(directive.arguments, found->arguments, fmt::format("directive \"@{}\"", directive.name),
                directive.where, uses);
    }
  }

  // The literal has passed check_literal.
  void collect(const Value& value, const Type& type, bool has_default, Uses& uses) {
    const Type& inner = nullable(type);
    if (value.kind == Value::Kind::kVariable) {
      uses.variables.push_back({&value, &type, has_default});
    } else if (value.kind == Value::Kind::kList) {
      const Type& item = inner.kind == Type::Kind::kList ? inner.of.front() : inner;
      for (const Value& each : value.list) collect(each, item, false, uses);
    } else if (value.kind == Value::Kind::kObject) {
      const TypeDefinition& definition = *schema_.find(innermost_name(inner));
      for (const auto& [name, field, where] : value.fields) {
        for (const InputDefinition& input : definition.inputs) {
          if (input.name == name) collect(field, input.type, input.default_value.has_value(), uses);
        }
      }
    }
  }

  // What something wrong uses is used all the same: the mistake is told, and not that a variable or a fragment is
  // unused.
  void mention(const Value& value, Uses& uses) {
    if (value.kind == Value::Kind::kVariable) uses.variables.push_back({&value, nullptr, false});
    for (const Value& item : value.list) mention(item, uses);
    for (const auto& [name, field, where] : value.fields) mention(field, uses);
  }
  void mention(const std::vector<Argument>& arguments, Uses& uses) {
    for (const Argument& argument : arguments) mention(argument.value, uses);
  }
  void mention(const std::vector<Selection>& all, Uses& uses) {
    for (const Selection& selection : all) {
      mention(selection.arguments, uses);
      for (const Directive& directive : selection.directives) mention(directive.arguments, uses);
      if (selection.kind == Selection::Kind::kSpread && fragment_named(selection.name) != nullptr) {
        uses.spreads.push_back(&selection);
      }
      mention(selection.selections, uses);
    }
  }

  // Depth first; a fragment that is met again on the way down contains itself.
  void check_cycles() {
    std::set<std::string> done;
    for (const Fragment& fragment : document_.fragments) {
      std::vector<std::string> way;
      if (!has_cycle_) visit(fragment.name, fragment.where, way, done);
    }
  }
  // where: it is spread.
  void visit(const std::string& name, Location where, std::vector<std::string>& way, std::set<std::string>& done) {
    if (has_cycle_ || done.contains(name)) return;
    if (std::find(way.begin(), way.end(), name) != way.end()) {
      has_cycle_ = true;
      add(where, fmt::format("Cannot spread fragment \"{}\" within itself.", name));
      return;
    }
    if (way.size() > kDepthMax) {
      has_cycle_ = true;
      add(where, fmt::format("Fragments inside one another more than {} deep.", kDepthMax));
      return;
    }
    way.push_back(name);
    for (const Selection* spread : uses_[name].spreads) visit(spread->name, spread->where, way, done);
    way.pop_back();
    done.insert(name);
  }

  void check_operation(const Operation& operation) {
    Uses uses;
    directives(operation.directives, "QUERY", uses);
    if (operation.kind != "query") {
      add(operation.where, fmt::format("The schema has no {} type; everything is a query.", operation.kind));
      mention(operation.selections, uses);
    } else {
      selections(operation.selections, schema_.query(), uses);
    }
    std::map<std::string_view, const VariableDefinition*> defined;
    for (const VariableDefinition& variable : operation.variables) {
      if (!defined.emplace(variable.name, &variable).second) {
        add(variable.name_where, fmt::format("There can be only one variable named \"${}\".", variable.name));
      }
      check_variable(variable);
    }
    std::set<std::string> reached;
    std::vector<const Uses*> open{&uses};
    std::set<std::string_view> seen;
    while (!open.empty()) {
      const Uses& part = *open.back();
      open.pop_back();
      for (const Use& use : part.variables) {
        if (is_full()) return;  // each operation may have every use of every fragment
        check_use(use, defined, seen);
      }
      for (const Selection* spread : part.spreads) {
        if (reached.insert(spread->name).second) open.push_back(&uses_[spread->name]);
      }
    }
    used_.insert(reached.begin(), reached.end());
    for (const VariableDefinition& variable : operation.variables) {
      if (!seen.contains(variable.name)) {
        add(variable.where, fmt::format("Variable \"${}\" is never used.", variable.name));
      }
    }
  }

  void check_variable(const VariableDefinition& variable) {
    Uses none;  // its directives are constants
    directives(variable.directives, "VARIABLE_DEFINITION", none);
    const TypeDefinition* type = schema_.find(innermost_name(variable.type));
    if (type == nullptr) {
      add(innermost(variable.type).where, fmt::format("Unknown type \"{}\".", innermost_name(variable.type)));
    } else if (!type->is_input()) {
      add(innermost(variable.type).where,
          fmt::format("Variable \"${}\" cannot be non-input type \"{}\".", variable.name, shown_type(variable.type)));
    } else if (variable.default_value) {
      if (auto error = check_literal(schema_, *variable.default_value, variable.type))
        add(error->locations.front(), error->message);
    }
  }

  void check_use(const Use& use, const std::map<std::string_view, const VariableDefinition*>& defined,
                 std::set<std::string_view>& seen) {
    const auto found = defined.find(use.variable->text);
    if (found == defined.end()) {
      add(use.variable->where, fmt::format("Variable \"${}\" is not defined.", use.variable->text));
      return;
    }
    const VariableDefinition& variable = *found->second;
    seen.insert(variable.name);
    if (use.type == nullptr) return;
    const bool has_default =
        use.has_default || (variable.default_value && variable.default_value->kind != Value::Kind::kNull);
    const Type& place =
        is_non_null(*use.type) && !is_non_null(variable.type) && has_default ? nullable(*use.type) : *use.type;
    if (!is_subtype(variable.type, place)) {
      add(use.variable->where, fmt::format("Variable \"${}\" of type \"{}\" used in position expecting type \"{}\".",
                                           variable.name, shown_type(variable.type), shown_type(*use.type)));
    }
  }

  static bool is_subtype(const Type& type, const Type& wanted) {
    if (is_non_null(wanted)) return is_non_null(type) && is_subtype(type.of.front(), wanted.of.front());
    const Type& inner = nullable(type);
    if (inner.kind != wanted.kind) return false;
    return inner.kind == Type::Kind::kNamed ? inner.name == wanted.name
                                            : is_subtype(inner.of.front(), wanted.of.front());
  }

  const Schema& schema_;
  const Document& document_;
  std::map<std::string_view, const Fragment*> fragments_;
  std::vector<GraphqlError> errors_;
  std::map<std::string, Uses, std::less<>> uses_;  // of each fragment
  std::set<std::string> used_;                     // fragments
  bool has_cycle_ = false;
};

}  // namespace

std::vector<GraphqlError> validate(const Schema& schema, const Document& document) {
  return Validator(schema, document).run();
}

}  // namespace sixfold::service::graphql
