// POST /api/embed, and the older /api/embeddings of one text.
#include <utility>

#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/ollama/fields.h"
#include "service/ollama/output.h"

namespace sixfold::service {
namespace {

void append_vector(std::string& out, const std::vector<float>& vector) {
  out += '[';
  for (std::size_t index = 0; index < vector.size(); ++index) {
    if (index > 0) out += ',';
    append_json_number(out, vector[index]);
  }
  out += ']';
}

std::string embed_body(const Embeddings& embeddings, std::string_view model, double seconds) {
  std::string out = R"({"model":)";
  append_json_string(out, model);
  out += R"(,"embeddings":[)";
  for (std::size_t index = 0; index < embeddings.vectors.size(); ++index) {
    if (index > 0) out += ',';
    append_vector(out, embeddings.vectors[index]);
  }
  out += R"(],"total_duration":)";
  append_json_integer(out, static_cast<std::uint64_t>(seconds * 1e9));
  out += R"(,"load_duration":0,"prompt_eval_count":)";
  append_json_integer(out, embeddings.tokens);
  return out += '}';
}

std::string embeddings_body(const Embeddings& embeddings) {
  std::string out = R"({"embedding":)";
  append_vector(out, embeddings.vectors.empty() ? std::vector<float>() : embeddings.vectors.front());
  return out += '}';
}

// body_of: the answer's, from the vectors.
template <class BodyOf>
void embed(ServiceState& state, const net::HttpRequest& request, Writer writer, Parsed<OllamaEmbedCall> parsed,
           std::string_view input_field, BodyOf body_of) {
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  EmbedRequest wanted = std::get<OllamaEmbedCall>(std::move(parsed)).request;
  wanted.id = request.id;
  const BackendDescription description = state.backend.describe();
  wanted.model = ollama_model(description, wanted.model);
  if (wanted.texts.empty()) {
    if (!names_model(description, wanted.model)) {
      return send_refusal(*writer, model_not_found(description, wanted.model), input_field, Dialect::kText);
    }
    net::HttpResponse response;
    response.body = body_of(Embeddings());
    writer->send(std::move(response));
    return;
  }
  wanted.stop = stop_when_gone(*writer);
  const Status accepted = state.backend.embed(
      std::move(wanted), answer_later<Embeddings>(writer, input_field, std::move(body_of), Dialect::kText));
  send_refusal(*writer, accepted, input_field, Dialect::kText);
}

}  // namespace

void ollama_embed(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_ollama_embed(request.body);
  const auto* call = std::get_if<OllamaEmbedCall>(&parsed);
  const std::string model = call == nullptr ? std::string() : call->request.model;
  const auto body_of = [model, &clock = state.clock, asked = state.clock.now()](const Embeddings& embeddings) {
    return embed_body(embeddings, model, seconds_between(asked, clock.now()));
  };
  embed(state, request, std::move(writer), std::move(parsed), "input", body_of);
}

void ollama_embeddings(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  embed(state, request, std::move(writer), parse_ollama_embeddings(request.body), "prompt", embeddings_body);
}

}  // namespace sixfold::service
