// What one operation asks for once its variables are known: fragments written out, skipped fields left out, fields of
// one name put together.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "service/graphql/error.h"
#include "service/graphql/schema.h"
#include "service/json.h"

namespace sixfold::service::graphql {

struct PlanField {
  std::string key;   // in the answer: the alias, or the name
  std::string name;  // "__typename" too, which has no definition
  const FieldDefinition* definition = nullptr;
  std::string_view parent;              // the type that has it
  json::object arguments;               // with defaults
  std::optional<GraphqlError> failure;  // of a field of Query: why it has no arguments, so that it is null
  std::vector<PlanField> fields;        // of an object
  Location where;
};

// document must be valid.  variables: as the client sent them.  Errors: no such operation; a variable's value that does
// not fit; null in a directive; fields of one name that ask for different things; more than kFieldsMax fields.
Outcome<std::vector<PlanField>> make_plan(const Schema& schema, const Document& document,
                                          std::string_view operation_name, const json::object& variables);

}  // namespace sixfold::service::graphql
