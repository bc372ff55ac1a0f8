// Introspection is written straight from the schema's definitions: its types refer to one another without end, so there
// is no whole value of which to take a part.
#include "service/graphql/write_answer.h"

#include <array>

#include "service/graphql/error.h"

namespace sixfold::service::graphql {
namespace {

bool is_too_long(const std::string& out) {
  return out.size() > kAnswerBytesMax;
}

// Appends {"key": ...} for every field; `append` is called for those that are not __typename.
template <class Append>
void append_object(std::string& out, const std::vector<PlanField>& fields, Append append) {
  out += '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is_too_long(out)) return;
    if (i > 0) out += ',';
    append_json_string(out, fields[i].key);
    out += ':';
    if (fields[i].name == "__typename") {
      append_json_string(out, fields[i].parent);
    } else {
      append(fields[i]);
    }
  }
  out += '}';
}

template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append) {
  out += '[';
  bool is_first = true;
  for (const auto& item : items) {
    if (is_too_long(out)) return;
    if (!is_first) out += ',';
    is_first = false;
    append(item);
  }
  out += ']';
}

// Vectors are floats, of which none of the digits may be lost.
void append_number(std::string& out, double number) {
  const auto single = static_cast<float>(number);
  if (static_cast<double>(single) == number) return append_json_number(out, single);
  append_json_number(out, number);
}

class Introspection {
 public:
  Introspection(std::string& out, const Schema& schema) : out_(out), schema_(schema) {}

  void schema(const std::vector<PlanField>& fields) {
    append_object(out_, fields, [&](const PlanField& field) {
      if (field.name == "types") {
        append_list(out_, schema_.types(), [&](const TypeDefinition& type) { named(field.fields, type); });
      } else if (field.name == "queryType") {
        named(field.fields, schema_.query());
      } else if (field.name == "directives") {
        append_list(out_, schema_.directives(),
                    [&](const auto& directive) { this->directive(field.fields, directive); });
      } else {
        out_ += "null";  // a description, mutations, subscriptions
      }
    });
  }

  void named(const std::vector<PlanField>& fields, const TypeDefinition& type) {
    append_object(out_, fields, [&](const PlanField& field) {
      if (field.name == "kind") {
        constexpr std::array<std::string_view, 4> kKinds = {"SCALAR", "OBJECT", "ENUM", "INPUT_OBJECT"};
        append_json_string(out_, kKinds[static_cast<std::size_t>(type.kind)]);
      } else if (field.name == "name") {
        append_json_string(out_, type.name);
      } else if (field.name == "description") {
        append_json_string_or_null(out_, type.description);
      } else if (field.name == "fields" && type.kind == TypeKind::kObject) {
        append_list(out_, type.fields,
                    [&](const FieldDefinition& definition) { this->field(field.fields, definition); });
      } else if (field.name == "interfaces" && type.kind == TypeKind::kObject) {
        out_ += "[]";
      } else if (field.name == "enumValues" && type.kind == TypeKind::kEnum) {
        append_list(out_, type.values, [&](const EnumValue& value) { entry(field.fields, value); });
      } else if (field.name == "inputFields" && type.kind == TypeKind::kInput) {
        inputs(field.fields, type.inputs);
      } else if (field.name == "isOneOf" && type.kind == TypeKind::kInput) {
        out_ += "false";
      } else {
        out_ += "null";
      }
    });
  }

 private:
  void type(const std::vector<PlanField>& fields, const Type& type) {
    if (type.kind == Type::Kind::kNamed) return named(fields, *schema_.find(type.name));
    append_object(out_, fields, [&](const PlanField& field) {
      if (field.name == "kind") {
        append_json_string(out_, type.kind == Type::Kind::kList ? "LIST" : "NON_NULL");
      } else if (field.name == "ofType") {
        this->type(field.fields, type.of.front());
      } else {
        out_ += "null";
      }
    });
  }

  void inputs(const std::vector<PlanField>& fields, const std::vector<InputDefinition>& definitions) {
    append_list(out_, definitions, [&](const InputDefinition& input) {
      append_object(out_, fields, [&](const PlanField& field) {
        if (append_common(field, input.name, input.description)) return;
        if (field.name == "type") return type(field.fields, input.type);
        append_json_string_or_null(out_, input.default_value ? shown_value(*input.default_value) : std::string());
      });
    });
  }

  void field(const std::vector<PlanField>& fields, const FieldDefinition& definition) {
    append_object(out_, fields, [&](const PlanField& field) {
      if (append_common(field, definition.name, definition.description)) return;
      if (field.name == "args") return inputs(field.fields, definition.arguments);
      type(field.fields, definition.type);
    });
  }

  void entry(const std::vector<PlanField>& fields, const EnumValue& value) {
    append_object(out_, fields, [&](const PlanField& field) { append_common(field, value.name, value.description); });
  }

  void directive(const std::vector<PlanField>& fields, const DirectiveDefinition& definition) {
    append_object(out_, fields, [&](const PlanField& field) {
      if (append_common(field, definition.name, definition.description)) return;
      if (field.name == "args") return inputs(field.fields, definition.arguments);
      out_ += field.name == "locations" ? R"(["FIELD","FRAGMENT_SPREAD","INLINE_FRAGMENT"])" : "false";
    });
  }

  // What fields, arguments, values and directives have alike.
  bool append_common(const PlanField& field, std::string_view name, std::string_view description) {
    if (field.name == "name") {
      append_json_string(out_, name);
    } else if (field.name == "description") {
      append_json_string_or_null(out_, description);
    } else if (field.name == "isDeprecated") {
      out_ += "false";
    } else if (field.name == "deprecationReason") {
      out_ += "null";
    } else {
      return false;
    }
    return true;
  }

  std::string& out_;
  const Schema& schema_;
};

}  // namespace

void append_value(std::string& out, const std::vector<PlanField>& fields, const json::value& value) {
  switch (value.kind()) {
    case json::kind::array:
      append_list(out, value.get_array(), [&](const json::value& item) { append_value(out, fields, item); });
      break;
    case json::kind::object:
      append_object(out, fields, [&](const PlanField& field) {
        const json::value* part = value.get_object().if_contains(field.name);
        append_value(out, field.fields, part == nullptr ? json::value(nullptr) : *part);
      });
      break;
    case json::kind::string:
      append_json_string(out, std::string_view(value.get_string()));
      break;
    case json::kind::double_:
      append_number(out, value.get_double());
      break;
    default:
      out += json::serialize(value);
  }
}

void append_introspection(std::string& out, const Schema& schema, const PlanField& field) {
  Introspection introspection(out, schema);
  if (field.name == "__schema") return introspection.schema(field.fields);
  const json::value* name = field.arguments.if_contains("name");
  const TypeDefinition* type = name == nullptr ? nullptr : schema.find(std::string_view(name->get_string()));
  if (type == nullptr) {
    out += "null";
  } else {
    introspection.named(field.fields, *type);
  }
}

}  // namespace sixfold::service::graphql
