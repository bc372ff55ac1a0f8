// The types that queries may use.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/graphql/document.h"

namespace sixfold::service::graphql {

struct InputDefinition {
  std::string name;
  std::string description;
  Type type;
  std::optional<Value> default_value;
};

struct FieldDefinition {
  std::string name;
  std::string description;
  std::vector<InputDefinition> arguments;
  Type type;
};

struct EnumValue {
  std::string name;
  std::string description;
};

enum class TypeKind { kScalar, kObject, kEnum, kInput };

struct TypeDefinition {
  TypeKind kind = TypeKind::kScalar;
  std::string name;
  std::string description;
  std::vector<FieldDefinition> fields;  // of an object
  std::vector<InputDefinition> inputs;  // of an input
  std::vector<EnumValue> values;        // of an enum

  const FieldDefinition* field(std::string_view field_name) const;  // null when there is none
  bool is_input() const { return kind != TypeKind::kObject; }
};

struct DirectiveDefinition {
  std::string name;
  std::string description;
  std::vector<InputDefinition> arguments;
};

// Immutable.
class Schema {
 public:
  explicit Schema(std::vector<TypeDefinition> types);

  const TypeDefinition* find(std::string_view name) const;  // null when there is none
  const TypeDefinition& query() const { return *find("Query"); }
  // __schema and __type, which Query has without saying so; null for others.
  const FieldDefinition* introspection_field(std::string_view name) const;
  const std::vector<TypeDefinition>& types() const { return types_; }
  const std::vector<DirectiveDefinition>& directives() const { return directives_; }  // @include and @skip

 private:
  std::vector<TypeDefinition> types_;
  std::vector<DirectiveDefinition> directives_;
  std::vector<FieldDefinition> introspection_fields_;
};

// Of this server: made once from schema_text() and the types of introspection.
const Schema& the_schema();

// docs/schema.graphql, as printSchema of GraphQL's reference implementation prints it.
std::string_view schema_text();

// "[String!]!"
std::string shown_type(const Type& type);
const Type& innermost(const Type& type);  // without lists and non-nulls
const std::string& innermost_name(const Type& type);
inline bool is_non_null(const Type& type) {
  return type.kind == Type::Kind::kNonNull;
}
// The type without its "!".
inline const Type& nullable(const Type& type) {
  return is_non_null(type) ? type.of.front() : type;
}

// The literal as a query would write it.
std::string shown_value(const Value& value);
// The same for a message: cut when it is long.
std::string shortened_value(const Value& value);

}  // namespace sixfold::service::graphql
