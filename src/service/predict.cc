// POST /predict: the plain endpoint, {"input": "..."} to {"result": "..."}; models of tensors in predict_tensors.cc.
#include <utility>

#include "core/error.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/openai_output.h"
#include "service/predict_tensors.h"

namespace sixfold::service {
namespace {

// Enough for a paragraph or two when the body does not say.
constexpr std::size_t kPredictTokensDefault = 256;

class PredictFormat final : public AnswerFormat {
 public:
  explicit PredictFormat(std::string model) : model_(std::move(model)) {}

  Dialect dialect() const override { return Dialect::kPlain; }
  std::string_view input_field() const override { return "input"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override {
    std::string out = R"({"result":)";
    append_json_string(out, choices.front().text);
    out += R"(,"finish_reason":)";
    append_finish(out, choices.front().finish);
    out += R"(,"model":)";
    append_json_string(out, model_);
    out += R"(,"usage":)";
    append_usage(out, usage);
    return out += '}';
  }

  // Answers of this endpoint are never streamed.
  void append_event(std::string&, std::size_t, const engine::TokenEvent&) override {}
  void append_end(std::string&, const engine::RequestUsage&) override {}

 private:
  const std::string model_;
};

}  // namespace

Parsed<GenerateRequest> parse_predict(std::string_view body, bool is_chat, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown = [] {
    std::vector<std::string_view> fields = generation_fields();
    fields.insert(fields.end(), {"input", "parameters"});
    return fields;
  }();
  check_fields(reader, kKnown, {});
  GenerateRequest request;
  request.tokens_max = kPredictTokensDefault;
  request.sampling = sampling;
  read_generation(reader, request);
  if (const json::object* parameters = reader.object("parameters")) {
    FieldReader inner(*parameters, "parameters");
    check_fields(inner, generation_fields(), {});
    read_generation(inner, request);
    if (!inner.is_ok()) reader.refuse(*inner.refusal());
  }
  const auto input = reader.text("input");
  if (!input && reader.is_ok()) reader.refuse("input", "want a string, got none");
  if (!reader.is_ok()) return *reader.refusal();
  if (is_chat) {
    request.input = std::vector<tokenizer::ChatMessage>{{"user", std::string(*input)}};
  } else {
    request.input = std::string(*input);
  }
  return request;
}

void predict(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  if (description.tensors) return predict_tensors(state, request, std::move(writer), description);
  auto parsed = parse_predict(request.body, description.is_chat_model, description.sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kPlain, *refusal));
    return;
  }
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.requests.push_back(std::get<GenerateRequest>(std::move(parsed)));
  parts.format = std::make_unique<PredictFormat>(answering_model(description, parts.requests.front().model));
  parts.requests.front().id = request.id;
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
