// POST /v1/embeddings.  Source: OpenAI's API reference, "Embeddings"; "truncate" as in Hugging Face's
// text-embeddings-inference.
#include <bit>
#include <utility>

#include "core/base64.h"
#include "core/limits.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/openai_fields.h"
#include "service/texts.h"

namespace sixfold::service {
namespace {

void append_vector(std::string& out, const std::vector<float>& vector, bool is_base64) {
  if (is_base64) {
    static_assert(std::endian::native == std::endian::little);
    const std::string_view bytes(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float));
    append_json_string(out, base64(bytes));
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out += ',';
    append_json_number(out, vector[i]);
  }
  out += ']';
}

std::string embeddings_body(const Embeddings& embeddings, std::string_view model, bool is_base64) {
  std::string out = R"({"object":"list","data":[)";
  for (std::size_t index = 0; index < embeddings.vectors.size(); ++index) {
    if (index > 0) out += ',';
    out += R"({"object":"embedding","index":)";
    append_json_integer(out, index);
    out += R"(,"embedding":)";
    append_vector(out, embeddings.vectors[index], is_base64);
    out += '}';
  }
  out += R"(],"model":)";
  append_json_string(out, model);
  out += R"(,"usage":)";
  out += read_usage(embeddings.tokens);
  return out += '}';
}

}  // namespace

Parsed<EmbeddingsCall> parse_embeddings(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"model", "input", "encoding_format", "dimensions", "truncate"}, common_rules());
  EmbeddingsCall call;
  call.request.model = reader.text("model").value_or("");
  call.request.texts = read_texts(reader, "input", limits::kTextsMax);
  const std::string_view format = reader.text("encoding_format").value_or("float");
  if (format != "float" && format != "base64") {
    reader.refuse("encoding_format", "\"float\" or \"base64\"", *reader.find("encoding_format"));
  }
  call.is_base64 = format == "base64";
  constexpr auto kWidthMax = static_cast<std::int64_t>(limits::kWidthMax);
  call.request.dimensions = static_cast<std::size_t>(reader.integer("dimensions", 1, kWidthMax).value_or(0));
  call.request.truncates = reader.boolean("truncate").value_or(false);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

void embeddings(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_embeddings(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  auto& call = std::get<EmbeddingsCall>(parsed);
  call.request.id = request.id;
  call.request.stop = stop_when_gone(*writer);
  const auto body_of = [model = state.backend.describe().model, is_base64 = call.is_base64](const Embeddings& made) {
    return embeddings_body(made, model, is_base64);
  };
  const Status accepted =
      state.backend.embed(std::move(call.request), answer_later<Embeddings>(writer, "input", body_of));
  send_refusal(*writer, accepted, "input");
}

}  // namespace sixfold::service
