// JSON Schemas of request and response bodies, for the OpenAPI document and /docs.
#pragma once
#include <string_view>

namespace sixfold::service {

// One JSON object: name to schema, with an example in each request.
std::string_view schemas_json();

// Its members that belong to one dialect, without braces.
std::string_view ollama_schemas();
std::string_view oip_schemas();
std::string_view responses_schemas();
std::string_view messages_schemas();

}  // namespace sixfold::service
