// POST /classify: probabilities of classes.  Field names as in vLLM's server.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/openai_fields.h"
#include "service/probabilities.h"

namespace sixfold::service {
namespace {

void append_text(std::string& out, std::size_t index, const std::vector<double>& probabilities,
                 const std::vector<std::string>& classes) {
  const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
  out += R"({"index":)";
  append_json_integer(out, index);
  out += R"(,"label":)";
  append_json_string(out, classes[static_cast<std::size_t>(best)]);
  out += R"(,"probs":[)";
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    if (c > 0) out += ',';
    append_json_number(out, probabilities[c]);
  }
  out += R"(],"num_classes":)";
  append_json_integer(out, classes.size());
  out += '}';
}

std::string classify_body(const Scores& scores, const BackendDescription& description) {
  std::string out = R"({"object":"list","model":)";
  append_json_string(out, description.model);
  out += R"(,"data":[)";
  for (std::size_t index = 0; index < scores.scores.size(); ++index) {
    if (index > 0) out += ',';
    append_text(out, index, probabilities_of(scores.scores[index]), description.classes);
  }
  out += R"(],"usage":)";
  out += read_usage(scores.tokens);
  return out += '}';
}

}  // namespace

Parsed<ScoreRequest> parse_classify(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"model", "input", "truncate"}, common_rules());
  ScoreRequest call;
  call.model = reader.text("model").value_or("");
  for (std::string& text : reader.texts("input", limits::kTextsMax, limits::kTokenizeBytesMax)) {
    call.texts.push_back({std::move(text), std::nullopt});
  }
  if (call.texts.empty() && reader.is_ok()) reader.refuse("input", "want a string or an array of strings");
  call.truncates = reader.boolean("truncate").value_or(false);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

void classify(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_classify(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  auto& call = std::get<ScoreRequest>(parsed);
  call.id = request.id;
  call.stop = stop_when_gone(*writer);
  const auto body_of = [description = state.backend.describe()](const Scores& scores) {
    return classify_body(scores, description);
  };
  const Status accepted = state.backend.score(std::move(call), answer_later<Scores>(writer, "input", body_of));
  send_refusal(*writer, accepted, "input");
}

}  // namespace sixfold::service
