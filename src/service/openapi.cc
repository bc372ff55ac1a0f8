// The OpenAPI document: the route table and the schemas, joined.  Source: OpenAPI specification 3.1.0.
#include <string>
#include <utility>

#include "core/version.h"
#include "service/json.h"
#include "service/predict_tensors.h"
#include "service/routes.h"
#include "service/schemas.h"

namespace sixfold::service {
namespace {

json::object schema_reference(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

json::object json_content(std::string_view name) {
  return {{"application/json", json::object{{"schema", schema_reference(name)}}}};
}

// "/v1/models/{model...}" is "/v1/models/{model}" to OpenAPI.
std::string path_of(std::string_view pattern) {
  std::string path(pattern);
  if (const std::size_t dots = path.find("..."); dots != std::string::npos) path.erase(dots, 3);
  return path;
}

json::array parameters_of(std::string_view path) {
  json::array parameters;
  for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
    const std::string name(path.substr(open + 1, path.find('}', open) - open - 1));
    parameters.push_back(
        json::object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", json::object{{"type", "string"}}}});
  }
  return parameters;
}

json::object responses_of(const RouteRow& row) {
  json::object good{{"description", "The answer"}};
  if (!row.response_schema.empty()) {
    good["content"] = json_content(row.response_schema);
  } else {
    good["content"] = json::object{{row.response_type, json::object{}}};
  }
  json::object responses{{"200", std::move(good)}};
  if (row.request_schema.empty()) return responses;
  const bool is_plain = row.request_schema == "PredictRequest";
  const auto refusal = [&](std::string_view description) {
    const std::string_view body = is_plain                                         ? "PlainError"
                                  : dialect_of_path(row.pattern) == Dialect::kText ? "TextError"
                                                                                   : "Error";
    return json::object{{"description", description}, {"content", json_content(body)}};
  };
  responses["400"] = refusal("The request cannot be understood or served; the message says what and where");
  if (is_plain) responses["422"] = refusal("A field is wrong; the error names it");
  if (row.tag != "Generate") return responses;
  responses["404"] = refusal("No such model");
  responses["429"] = refusal("The queue is full; Retry-After says when to come back");
  responses["503"] = refusal("The server is stopping");
  return responses;
}

json::object operation_of(const RouteRow& row) {
  json::object operation{{"tags", json::array{row.tag}}, {"summary", row.summary}, {"responses", responses_of(row)}};
  if (json::array parameters = parameters_of(path_of(row.pattern)); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (!row.request_schema.empty()) {
    operation["requestBody"] = json::object{{"required", true}, {"content", json_content(row.request_schema)}};
  }
  return operation;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::string make_openapi(const BackendDescription& description) {
  json::object paths;
  for (const RouteRow& row : route_table()) {
    if (!row.is_listed) continue;
    json::value& path = paths[path_of(row.pattern)];
    if (!path.is_object()) path.emplace_object();
    path.get_object()[lower(row.method)] = operation_of(row);
  }
  json::value schemas = json::parse(json::string_view(schemas_json()));
  if (description.tensors) {
    schemas.get_object()["PredictRequest"] = predict_request_schema(*description.tensors);
    schemas.get_object()["PredictAnswer"] = predict_answer_schema(*description.tensors);
  }
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "sixfold"},
                            {"version", std::string(version())},
                            {"description", "Serves the model \"" + description.model + "\"."}}},
      {"paths", std::move(paths)},
      {"components", json::object{{"schemas", std::move(schemas)}}}};
  return json::serialize(document);
}

}  // namespace sixfold::service
