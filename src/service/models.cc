// GET /v1/models and /v1/models/{model}.
#include "service/endpoints.h"
#include "service/json.h"

namespace sixfold::service {
namespace {

json::array tensors_of(const std::vector<TensorSpec>& specs) {
  json::array out;
  for (const TensorSpec& spec : specs) {
    out.push_back(json::object{
        {"name", spec.name}, {"type", element_type_info(spec.type).name}, {"shape", json::value_from(spec.shape)}});
  }
  return out;
}

json::object model_object(const BackendDescription& description) {
  json::array aliases;
  for (const std::string& alias : description.aliases) aliases.emplace_back(alias);
  json::object model{
      {"id", description.model},
      {"object", "model"},
      {"created", description.created},
      {"owned_by", "sixfold"},
      {"max_model_len", description.context},
      // Keys beyond OpenAI's stand under our own name.
      {"sixfold", json::object{{"architecture", description.architecture},
                               {"weights", description.weights},
                               {"parameters", description.parameters},
                               {"weight_bytes", description.weight_bytes},
                               {"context", description.context},
                               {"context_max", description.context_max},
                               {"vocabulary", description.vocabulary},
                               {"chat_template", description.chat_template},
                               {"is_chat_model", description.is_chat_model},
                               {"tool_format", description.tool_format},
                               {"reasoning_format", description.reasoning_format},
                               {"generates", description.generates},
                               {"embedding_width", description.embedding_width},
                               {"classes", json::value_from(description.classes)},
                               {"aliases", std::move(aliases)}}},
  };
  if (description.tensors) {
    json::object& facts = model["sixfold"].get_object();
    facts["runtime"] = description.tensors->runtime;
    facts["inputs"] = tensors_of(description.tensors->inputs);
    facts["outputs"] = tensors_of(description.tensors->outputs);
  }
  return model;
}

// As vLLM lists them: root is where it came from, parent the model that it changes.
json::object adapter_object(const BackendDescription& description, const AdapterDescription& adapter) {
  return {
      {"id", adapter.name},
      {"object", "model"},
      {"created", adapter.created},
      {"owned_by", "sixfold"},
      {"root", adapter.source},
      {"parent", description.model},
      {"max_model_len", description.context},
      {"sixfold", json::object{{"adapter_id", adapter.id}, {"scale", adapter.scale}}},
  };
}

}  // namespace

void list_models(ServiceState& state, const net::HttpRequest&, Writer writer) {
  const BackendDescription description = state.backend.describe();
  json::array models{model_object(description)};
  for (const AdapterDescription& adapter : description.adapters) {
    models.push_back(adapter_object(description, adapter));
  }
  const json::object list{{"object", "list"}, {"data", std::move(models)}};
  net::HttpResponse response;
  response.body = json::serialize(list);
  writer->send(std::move(response));
}

void show_model(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  const std::string_view name = request.path_value("model");
  const AdapterDescription* adapter = names_model(description, name) ? nullptr : find_adapter(description, name);
  if (!names_model(description, name) && adapter == nullptr) {
    writer->send(error_response(Dialect::kOpenAi, refusal_of_generate(model_not_found(description, name), "model")));
    return;
  }
  net::HttpResponse response;
  response.body =
      json::serialize(adapter != nullptr ? adapter_object(description, *adapter) : model_object(description));
  writer->send(std::move(response));
}

}  // namespace sixfold::service
