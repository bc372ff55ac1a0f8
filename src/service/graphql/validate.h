// Whether a document asks only for what the schema has.
#pragma once
#include <vector>

#include "service/graphql/error.h"
#include "service/graphql/schema.h"

namespace sixfold::service::graphql {

// Empty: the document is valid.  At most 20 errors.  Cost: the document's length, times a logarithm, but for variables,
// which are looked for once for each operation.  Left to the plan: fields of one name that differ, and what they cost.
std::vector<GraphqlError> validate(const Schema& schema, const Document& document);

}  // namespace sixfold::service::graphql
