// GET /v2 and below: the server's and the model's metadata and health.  POST leads to infer and generate.
#include <utility>

#include "core/error.h"
#include "core/version.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/oip/answer.h"
#include "service/oip/fields.h"

namespace sixfold::service {
namespace {

void send_json(net::ResponseWriter& writer, const json::object& object, int status = 200) {
  net::HttpResponse response;
  response.status = status;
  response.body = json::serialize(object);
  writer.send(std::move(response));
}

void refuse(net::ResponseWriter& writer, Error error) {
  writer.send(error_response(Dialect::kText, Refusal{std::move(error), {}, {}}));
}

bool is_ready(const ServiceState& state) {
  return !state.is_draining && state.backend.is_ready();
}

json::object tensor_object(std::string_view name, std::string_view datatype, json::array shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

json::array tensor_objects(const std::vector<TensorSpec>& specs) {
  json::array objects;
  for (const TensorSpec& spec : specs) {
    objects.push_back(tensor_object(spec.name, element_type_info(spec.type).protocol_name,
                                    json::array(spec.shape.begin(), spec.shape.end())));
  }
  return objects;
}

// -1: as many as there are texts, or any number.
json::object metadata_of(const BackendDescription& description, std::string_view name) {
  json::array inputs{tensor_object(kOipText, "BYTES", {-1})};
  json::array outputs;
  if (description.tensors != nullptr) {
    inputs = tensor_objects(description.tensors->inputs);
    outputs = tensor_objects(description.tensors->outputs);
  } else if (description.generates) {
    outputs.push_back(tensor_object(kOipAnswer, "BYTES", {-1}));
  } else {
    if (!description.classes.empty()) {
      inputs.push_back(tensor_object(kOipPair, "BYTES", {-1}));
      outputs.push_back(tensor_object(kOipLogits, "FP32", {-1, description.classes.size()}));
    }
    if (description.embedding_width != 0) {
      outputs.push_back(tensor_object(kOipEmbedding, "FP32", {-1, description.embedding_width}));
    }
  }
  return {{"name", name},
          {"versions", json::array{kOipVersion}},
          {"platform", "sixfold"},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)}};
}

// Whether the path's model and version are there; answers with 404 when they are not.
bool is_served(const BackendDescription& description, const OipTarget& target, net::ResponseWriter& writer) {
  if (target.model.empty() ||
      (!names_model(description, target.model) && find_adapter(description, target.model) == nullptr)) {
    refuse(writer, model_not_found(description, target.model));
    return false;
  }
  if (!target.version.empty() && target.version != kOipVersion) {
    refuse(writer, not_found("the model \"{}\" has no version \"{}\"; it has \"{}\"", target.model, target.version,
                             kOipVersion));
    return false;
  }
  return true;
}

}  // namespace

void oip_server(ServiceState&, const net::HttpRequest&, Writer writer) {
  send_json(*writer,
            {{"name", "sixfold"}, {"version", std::string(version())}, {"extensions", json::array{"generate"}}});
}

void oip_live(ServiceState&, const net::HttpRequest&, Writer writer) {
  send_json(*writer, {{"live", true}});
}

void oip_ready(ServiceState& state, const net::HttpRequest&, Writer writer) {
  const bool ready = is_ready(state);
  send_json(*writer, {{"ready", ready}}, ready ? 200 : 503);
}

void oip_get(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const OipTarget target = oip_target(request.path);
  const BackendDescription description = state.backend.describe();
  if (!target.verb.empty() && target.verb != "ready")
    return refuse(*writer, not_found("\"{}\" wants POST", target.verb));
  if (!is_served(description, target, *writer)) return;
  const std::string name = answering_model(description, target.model);
  if (target.verb.empty()) return send_json(*writer, metadata_of(description, name));
  const bool ready = is_ready(state);
  send_json(*writer, {{"name", name}, {"ready", ready}}, ready ? 200 : 503);
}

void oip_post(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const OipTarget target = oip_target(request.path);
  const BackendDescription description = state.backend.describe();
  if (target.verb.empty() || target.verb == "ready") {
    return refuse(*writer, not_found("want /infer, /generate or /generate_stream behind a model's name"));
  }
  if (!is_served(description, target, *writer)) return;
  if (!request.header("Inference-Header-Content-Length").empty()) {
    return refuse(*writer, invalid_argument("tensors in binary form are not supported; send them as JSON"));
  }
  if (target.verb == "infer") return oip_infer(state, request, std::move(writer), description, target.model);
  oip_generate(state, request, std::move(writer), description, target.model, target.verb == "generate_stream");
}

}  // namespace sixfold::service
