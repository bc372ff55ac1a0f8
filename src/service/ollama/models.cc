// GET /api/tags, /api/ps and /api/version, POST /api/show: what is served, in ollama's words.
#include <fmt/format.h>

#include <utility>

#include "core/digest.h"
#include "core/version.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/ollama/fields.h"
#include "service/ollama/output.h"

namespace sixfold::service {
namespace {

// The version of ollama whose interface these endpoints have: clients compare it with the one that they need.
constexpr std::string_view kInterfaceVersion = "0.12.11";

// A model that is served is never unloaded; clients expect a time all the same.
constexpr std::string_view kNever = "9999-12-31T23:59:59Z";

void send_json(net::ResponseWriter& writer, const json::object& object) {
  net::HttpResponse response;
  response.body = json::serialize(object);
  writer.send(std::move(response));
}

// "494.03M", as ollama writes how many numbers a model has.
std::string parameter_size(std::uint64_t parameters) {
  const auto number = static_cast<double>(parameters);
  if (number >= 1e9) return fmt::format("{:.1f}B", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.2f}M", number / 1e6);
  return fmt::format("{:.2f}K", number / 1e3);
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return out;
}

json::object details_of(const BackendDescription& description, std::string_view parent) {
  return {{"parent_model", parent},
          {"family", description.architecture},
          {"families", json::array{description.architecture}},
          {"parameter_size", parameter_size(description.parameters)},
          {"quantization_level", upper(description.weights)}};
}

// Clients tell models apart by it.  The hash is of what is known about the model, because its files may be many.
std::string digest_of(const BackendDescription& description, std::string_view name) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", name, description.architecture, description.weights,
                                description.parameters, description.weight_bytes));
}

json::object served_object(const BackendDescription& description, std::string_view name, std::int64_t created) {
  const bool is_adapter = name != description.model;
  return {{"name", name},
          {"model", name},
          {"modified_at", ollama_time(created)},
          {"size", description.weight_bytes},
          {"digest", digest_of(description, name)},
          {"details", details_of(description, is_adapter ? description.model : "")}};
}

json::object shelved_object(const ShelvedModel& model) {
  const std::string_view hex = std::string_view(model.digest).starts_with(kSha256Prefix)
                                   ? std::string_view(model.digest).substr(kSha256Prefix.size())
                                   : std::string_view();
  return {{"name", model.name},
          {"model", model.name},
          {"modified_at", ollama_time(model.pulled_at)},
          {"size", model.bytes},
          {"digest", hex.empty() ? sha256_hex(model.name + "\n" + model.source) : std::string(hex)},
          {"details", json::object{{"parent_model", model.source},
                                   {"family", ""},
                                   {"families", nullptr},
                                   {"parameter_size", ""},
                                   {"quantization_level", ""}}}};
}

json::array served_models(const BackendDescription& description) {
  json::array models{served_object(description, description.model, description.created)};
  for (const AdapterDescription& adapter : description.adapters) {
    models.push_back(served_object(description, adapter.name, adapter.created));
  }
  return models;
}

// How requests are sampled that do not say otherwise, as lines of a Modelfile.
std::string parameters_of(const engine::SamplingOptions& sampling, std::string_view front) {
  const engine::SamplingOptions plain;
  std::string out;
  const auto add = [&](std::string_view name, auto value, auto usual) {
    if (value != usual) out += fmt::format("{}{} {}\n", front, name, value);
  };
  add("temperature", sampling.temperature, plain.temperature);
  add("top_k", sampling.top_k, plain.top_k);
  add("top_p", sampling.top_p, plain.top_p);
  add("min_p", sampling.min_p, plain.min_p);
  add("typical_p", sampling.typical_p, plain.typical_p);
  add("repeat_penalty", sampling.repetition_penalty, plain.repetition_penalty);
  add("presence_penalty", sampling.presence_penalty, plain.presence_penalty);
  add("frequency_penalty", sampling.frequency_penalty, plain.frequency_penalty);
  return out;
}

json::array capabilities_of(const BackendDescription& description) {
  json::array capabilities;
  if (description.generates) capabilities.emplace_back("completion");
  if (description.fills_in_middle) capabilities.emplace_back("insert");
  if (description.embedding_width != 0) capabilities.emplace_back("embedding");
  if (!description.tool_format.empty()) capabilities.emplace_back("tools");
  if (!description.reasoning_format.empty()) capabilities.emplace_back("thinking");
  return capabilities;
}

json::object facts_of(const BackendDescription& description) {
  const std::string& family = description.architecture;
  json::object facts{{"general.architecture", family},
                     {"general.basename", description.model},
                     {"general.parameter_count", description.parameters},
                     {family + ".context_length", description.context_max},
                     {family + ".vocab_size", description.vocabulary}};
  if (description.embedding_width != 0) facts[family + ".embedding_length"] = description.embedding_width;
  return facts;
}

}  // namespace

void ollama_tags(ServiceState& state, const net::HttpRequest&, Writer writer) {
  const BackendDescription description = state.backend.describe();
  json::array models = served_models(description);
  if (state.shelf != nullptr) {
    for (const ShelvedModel& model : state.shelf->list()) {
      if (!names_model(description, model.name)) models.push_back(shelved_object(model));
    }
  }
  send_json(*writer, {{"models", std::move(models)}});
}

void ollama_running(ServiceState& state, const net::HttpRequest&, Writer writer) {
  const BackendDescription description = state.backend.describe();
  json::array models = served_models(description);
  for (json::value& model : models) {
    json::object& object = model.get_object();
    object.erase("modified_at");
    object["expires_at"] = kNever;
    object["size_vram"] = 0;  // all of it is in the processor's memory
    object["context_length"] = description.context;
  }
  send_json(*writer, {{"models", std::move(models)}});
}

void ollama_show(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_ollama_show(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  const BackendDescription description = state.backend.describe();
  const std::string name = ollama_model(description, std::get<OllamaModelCall>(parsed).model);
  const AdapterDescription* adapter = names_model(description, name) ? nullptr : find_adapter(description, name);
  if (adapter == nullptr && !names_model(description, name)) {
    writer->send(error_response(Dialect::kText, Refusal{model_not_found(description, name), "model", {}}));
    return;
  }
  std::string modelfile = fmt::format("FROM {}\n", description.model);
  if (adapter != nullptr) modelfile += fmt::format("ADAPTER {}\n", adapter->source);
  modelfile += parameters_of(description.sampling, "PARAMETER ");
  send_json(*writer, {{"modelfile", std::move(modelfile)},
                      {"parameters", parameters_of(description.sampling, "")},
                      {"template", state.backend.chat_template_source()},
                      {"details", details_of(description, adapter != nullptr ? description.model : "")},
                      {"model_info", facts_of(description)},
                      {"capabilities", capabilities_of(description)},
                      {"modified_at", ollama_time(adapter != nullptr ? adapter->created : description.created)}});
}

void ollama_version(ServiceState&, const net::HttpRequest&, Writer writer) {
  send_json(*writer, {{"version", kInterfaceVersion}, {"sixfold", std::string(version())}});
}

}  // namespace sixfold::service
