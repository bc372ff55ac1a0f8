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

// One body's worth of values: a variable that stands in many places is copied as often.
inline constexpr std::size_t kWeightMax = std::size_t{1} << 20;

// What literals are filled in from.
struct Variables {
  json::object values;
  std::size_t weight_left = kWeightMax;  // of values that may yet be made from literals and these
};

// The literal's value, with variables filled in.  Nothing: it is a variable that has no value.
// The literal has passed check_literal; what only a variable's value can make wrong is an error, and so are values that
// weigh more than variables.weight_left, from which they are taken.
Outcome<std::optional<json::value>> coerce_literal(const Schema& schema, const Value& value, const Type& type,
                                                   Variables& variables);

// A variable's value as the client sent it.  path: its name, for messages.
Outcome<json::value> coerce_json(const Schema& schema, const json::value& value, const Type& type,
                                 const std::string& path);

}  // namespace sixfold::service::graphql
