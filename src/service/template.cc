// POST /apply-template and GET /props, in the form of llama.cpp's server: what the model reads, and with what settings.
#include <fmt/format.h>

#include <utility>

#include "core/version.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

void refuse(net::ResponseWriter& writer, const Refusal& refusal) {
  writer.send(error_response(Dialect::kOpenAi, refusal));
}

}  // namespace

Parsed<GenerateRequest> parse_template(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"model", "messages"}, common_rules());
  GenerateRequest request;
  request.model = reader.text("model").value_or("");
  request.input = read_messages(reader);
  if (!reader.is_ok()) return *reader.refusal();
  return request;
}

void apply_template(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const auto parsed = parse_template(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*writer, *refusal);
  const auto& call = std::get<GenerateRequest>(parsed);
  const BackendDescription description = state.backend.describe();
  if (!names_model(description, call.model) && find_adapter(description, call.model) == nullptr) {
    return refuse(*writer, refusal_of_generate(model_not_found(description, call.model), "messages"));
  }
  const auto text = state.backend.prompt_text(call);
  if (!text) return refuse(*writer, refusal_of_generate(text.error(), "messages"));
  net::HttpResponse response;
  response.body = R"({"prompt":)";
  append_json_string(response.body, *text);
  response.body += '}';
  writer->send(std::move(response));
}

void properties(ServiceState& state, const net::HttpRequest&, Writer writer) {
  const BackendDescription description = state.backend.describe();
  const engine::SamplingOptions& sampling = description.sampling;
  const json::object answer{
      {"model_alias", description.model},
      {"chat_template", state.backend.chat_template_source()},
      {"build_info", fmt::format("sixfold-{}", version())},
      {"default_generation_settings",
       json::object{{"n_ctx", description.context},
                    {"params", json::object{{"temperature", sampling.temperature},
                                            {"top_k", sampling.top_k},
                                            {"top_p", sampling.top_p},
                                            {"min_p", sampling.min_p},
                                            {"typical_p", sampling.typical_p},
                                            {"repeat_penalty", sampling.repetition_penalty},
                                            {"presence_penalty", sampling.presence_penalty},
                                            {"frequency_penalty", sampling.frequency_penalty}}}}}};
  net::HttpResponse response;
  response.body = json::serialize(answer);
  writer->send(std::move(response));
}

}  // namespace sixfold::service
