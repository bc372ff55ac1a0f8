// GraphQL text to a Document, or to the types of a schema.
#pragma once
#include <string_view>

#include "service/graphql/error.h"
#include "service/graphql/schema.h"

namespace sixfold::service::graphql {

// Errors: text that is not GraphQL, nested deeper than kDepthMax, or of more than kTokensMax words.
Outcome<Document> parse_document(std::string_view text);

// Definitions of types in GraphQL's schema language: scalars, objects, enums and inputs, with descriptions.
Outcome<std::vector<TypeDefinition>> parse_types(std::string_view text);

}  // namespace sixfold::service::graphql
