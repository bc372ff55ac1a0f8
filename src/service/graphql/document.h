// A GraphQL document as a tree: queries of clients, and the schema, which is written in the same language.
// Source: GraphQL specification, October 2021, sections 2 and 3.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sixfold::service::graphql {

// What a request may cost.
inline constexpr std::size_t kQueryBytesMax = 64u << 10;
inline constexpr std::size_t kTokensMax = 8192;    // words and signs of one document
inline constexpr std::size_t kDepthMax = 32;       // selections, lists and objects inside one another
inline constexpr std::size_t kFieldsMax = 10'000;  // of all operations, with every fragment written out
inline constexpr std::size_t kWorkMax = 16;        // fields of one operation that a model computes
// Few bytes can ask for many: each value comes as often as it has names, with each of them.
inline constexpr std::size_t kAnswerBytesMax = 64u << 20;

struct Location {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct ObjectField;

// A literal, or a variable in its place.
struct Value {
  enum class Kind { kVariable, kInt, kFloat, kString, kBoolean, kNull, kEnum, kList, kObject };
  Kind kind = Kind::kNull;
  std::string text;                 // name, number as written, text, "true"
  std::vector<Value> list;          // of kList
  std::vector<ObjectField> fields;  // of kObject
  Location where;
};

struct ObjectField {
  std::string name;
  Value value;
  Location where;
};

// "[String!]!" is non-null of list of non-null of String.
struct Type {
  enum class Kind { kNamed, kList, kNonNull };
  Kind kind = Kind::kNamed;
  std::string name;      // of kNamed
  std::vector<Type> of;  // one, of the others
  Location where = {};   // of the name
};

struct Argument {
  std::string name;
  Value value;
  Location where;
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
  Location where;
};

struct Selection {
  enum class Kind { kField, kSpread, kInline };
  Kind kind = Kind::kField;
  std::string alias;      // of a field; empty: none
  std::string name;       // of the field or fragment
  std::string condition;  // of an inline fragment: its type; empty: none
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location where;
  Location condition_where;
  Location selections_where;  // of the "{"; of a spread: of the fragment's name
};

struct VariableDefinition {
  std::string name;
  Type type;
  std::optional<Value> default_value;
  std::vector<Directive> directives;
  Location where;
  Location name_where = {};
};

struct Operation {
  std::string kind;  // "query", "mutation", "subscription"
  std::string name;  // empty: none
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location where;
  Location name_where = {};
};

struct Fragment {
  std::string name;
  std::string condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location where;
  Location name_where = {};
  Location condition_where = {};
};

struct Document {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
};

}  // namespace sixfold::service::graphql
