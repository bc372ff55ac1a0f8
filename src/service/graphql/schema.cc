// The schema is its text: what clients read in docs/schema.graphql is what queries are checked against.
#include "service/graphql/schema.h"

#include <algorithm>

#include "core/check.h"
#include "service/graphql/parser.h"
#include "service/json.h"

namespace sixfold::service::graphql {
namespace {

constexpr std::string_view kSchemaText =
#include "service/graphql/schema_text.inc"
    ;

// Source: GraphQL specification, October 2021, sections 3.5 and 4.2.
constexpr std::string_view kSpecified = R"graphql(
scalar Boolean
scalar Float
scalar Int
scalar String
type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind!
  name: String
  description: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type
  specifiedByURL: String
  isOneOf: Boolean
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Field {
  name: String!
  description: String
  args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}
type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}
type __Directive {
  name: String!
  description: String
  isRepeatable: Boolean!
  locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA
  SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
)graphql";

Type non_null(std::string name) {
  return {Type::Kind::kNonNull, {}, {{Type::Kind::kNamed, std::move(name), {}}}};
}

std::vector<TypeDefinition> parsed(std::string_view text) {
  auto types = parse_types(text);
  SIXFOLD_CHECK(types.index() == 0);  // our own text, which a test reads
  return std::get<0>(std::move(types));
}

std::vector<TypeDefinition> all_types() {
  std::vector<TypeDefinition> types = parsed(kSchemaText);
  for (TypeDefinition& type : parsed(kSpecified)) types.push_back(std::move(type));
  return types;
}

}  // namespace

const FieldDefinition* TypeDefinition::field(std::string_view field_name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const FieldDefinition& f) { return f.name == field_name; });
  return found == fields.end() ? nullptr : &*found;
}

Schema::Schema(std::vector<TypeDefinition> types) : types_(std::move(types)) {
  directives_.push_back({"include",
                         "Directs the executor to include this field or fragment only when the `if` argument is true.",
                         {{"if", "Included when true.", non_null("Boolean"), std::nullopt}}});
  directives_.push_back({"skip",
                         "Directs the executor to skip this field or fragment when the `if` argument is true.",
                         {{"if", "Skipped when true.", non_null("Boolean"), std::nullopt}}});
  introspection_fields_.push_back({"__schema", "", {}, non_null("__Schema")});
  introspection_fields_.push_back(
      {"__type", "", {{"name", "", non_null("String"), std::nullopt}}, {Type::Kind::kNamed, "__Type", {}}});
  SIXFOLD_CHECK(find("Query") != nullptr);
}

const FieldDefinition* Schema::introspection_field(std::string_view name) const {
  for (const FieldDefinition& field : introspection_fields_) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const TypeDefinition* Schema::find(std::string_view name) const {
  const auto found = std::find_if(types_.begin(), types_.end(), [&](const auto& type) { return type.name == name; });
  return found == types_.end() ? nullptr : &*found;
}

const Schema& the_schema() {
  static const Schema schema(all_types());
  return schema;
}

std::string_view schema_text() {
  return kSchemaText;
}

std::string shown_type(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kList:
      return "[" + shown_type(type.of.front()) + "]";
    case Type::Kind::kNonNull:
      return shown_type(type.of.front()) + "!";
    default:
      return type.name;
  }
}

const Type& innermost(const Type& type) {
  return type.kind == Type::Kind::kNamed ? type : innermost(type.of.front());
}

const std::string& innermost_name(const Type& type) {
  return innermost(type).name;
}

std::string shown_value(const Value& value) {
  std::string out;
  switch (value.kind) {
    case Value::Kind::kString:
      append_json_string(out, value.text);
      return out;
    case Value::Kind::kVariable:
      return "$" + value.text;
    case Value::Kind::kList:
      for (const Value& item : value.list) out += (out.empty() ? "[" : ", ") + shown_value(item);
      return out.empty() ? "[]" : out + "]";
    case Value::Kind::kObject:
      for (const auto& [name, field, where] : value.fields)
        out += (out.empty() ? "{" : ", ") + name + ": " + shown_value(field);
      return out.empty() ? "{}" : out + "}";
    default:
      return value.text;
  }
}

std::string shortened_value(const Value& value) {
  constexpr std::size_t kBytesMax = 60;
  std::string text = shown_value(value);
  if (text.size() <= kBytesMax) return text;
  std::size_t size = kBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;  // a character stays whole
  text.resize(size);
  return text + "...";
}

}  // namespace sixfold::service::graphql
