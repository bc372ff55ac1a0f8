// LoRA adapters while the server runs: POST /v1/load_lora_adapter and /v1/unload_lora_adapter with vLLM's fields, and
// GET /lora-adapters as llama.cpp's server lists them.
#include <utility>

#include "core/error.h"
#include "service/adapter_folder.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

std::string required_text(FieldReader& reader, std::string_view name) {
  const auto text = reader.text(name);
  if (!text && reader.is_ok()) reader.refuse(name, "want a string, got none");
  return std::string(text.value_or(""));
}

// Errors of the shelf begin with the adapter; the fields at fault are the request's own.
Refusal refusal_of(Error error) {
  const bool is_name = error.code == ErrorCode::kAlreadyExists || error.code == ErrorCode::kNotFound;
  const bool is_path = error.message.find("lora_path") != std::string::npos;
  return {std::move(error), is_path ? "lora_path" : is_name ? "lora_name" : "", ""};
}

void send_refusal(net::ResponseWriter& writer, Error error) {
  writer.send(error_response(Dialect::kOpenAi, refusal_of(std::move(error))));
}

void send_text(net::ResponseWriter& writer, std::string text) {
  net::HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(text);
  writer.send(std::move(response));
}

// Nothing when the request is refused; it is answered then.
bool is_allowed(const ServiceState& state, net::ResponseWriter& writer) {
  if (!state.adapter_folder.empty()) return true;
  send_refusal(writer, permission_denied("this server does not let clients load or unload adapters; start it with "
                                         "--lora-folder DIR to let them load from there"));
  return false;
}

}  // namespace

Parsed<AdapterSource> parse_load_adapter(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"lora_name", "lora_path"},
               {{"load_inplace", "a loaded adapter cannot be replaced; unload it first", {}}});
  AdapterSource source;
  source.name = required_text(reader, "lora_name");
  source.source = required_text(reader, "lora_path");
  if (!reader.is_ok()) return *reader.refusal();
  return source;
}

Parsed<std::string> parse_unload_adapter(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"lora_name"}, {{"lora_int_id", "", {}}});
  std::string name = required_text(reader, "lora_name");
  if (!reader.is_ok()) return *reader.refusal();
  return name;
}

void load_adapter(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  if (!is_allowed(state, *writer)) return;
  auto parsed = parse_load_adapter(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  AdapterSource source = std::get<AdapterSource>(std::move(parsed));
  auto path = path_inside(state.adapter_folder, source.source);
  if (!path) return send_refusal(*writer, std::move(path).error());
  source.path = std::move(path).value();
  const std::string name = source.name;
  const Status begun = state.backend.load_adapter(std::move(source), [writer, name](Result<Unit> loaded) {
    writer->post([writer, name, loaded = std::move(loaded)] {
      if (!loaded) return send_refusal(*writer, loaded.error());
      send_text(*writer, "adapter \"" + name + "\": loaded");
    });
  });
  if (!begun) send_refusal(*writer, begun.error());
}

void unload_adapter(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  if (!is_allowed(state, *writer)) return;
  auto parsed = parse_unload_adapter(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  const std::string& name = std::get<std::string>(parsed);
  const Status unloaded = state.backend.unload_adapter(name);
  if (!unloaded) return send_refusal(*writer, unloaded.error());
  send_text(*writer, "adapter \"" + name + "\": unloaded");
}

void list_adapters(ServiceState& state, const net::HttpRequest&, Writer writer) {
  json::array adapters;
  for (const AdapterDescription& adapter : state.backend.describe().adapters) {
    adapters.push_back(
        json::object{{"id", adapter.id}, {"name", adapter.name}, {"path", adapter.source}, {"scale", adapter.scale}});
  }
  net::HttpResponse response;
  response.body = json::serialize(adapters);
  writer->send(std::move(response));
}

}  // namespace sixfold::service
