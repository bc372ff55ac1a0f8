// Literals and JSON to what an argument's or variable's type wants.
#pragma once
#include <optional>
#include <string>

#include "service/graphql/error.h"
#include "service/graphql/schema.h"
#include "service/json.h"

namespace sixfold::service::graphql {

// Checks a literal against a type, without the values of variables.  Nothing: it fits.
std::optional<GraphqlError> check_literal(const Schema& schema, const Value& value, const Type& type);

// The literal's value, with variables filled in.  Nothing: it is a variable that has no value.
// The literal has passed check_literal; what only a variable's value can make wrong is an error.
Outcome<std::optional<json::value>> coerce_literal(const Schema& schema, const Value& value, const Type& type,
                                                   const json::object& variables);

// A variable's value as the client sent it.  path: its name, for messages.
Outcome<json::value> coerce_json(const Schema& schema, const json::value& value, const Type& type,
                                 const std::string& path);

}  // namespace sixfold::service::graphql
