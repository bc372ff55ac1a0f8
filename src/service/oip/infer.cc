// POST /v2/models/{model}/infer: texts in; texts, vectors or numbers of classes out.
#include <span>
#include <utility>

#include "service/json.h"
#include "service/later_answer.h"
#include "service/oip/answer.h"
#include "service/oip/fields.h"

namespace sixfold::service {
namespace {

std::string answer_body(std::string_view model, std::string_view id, std::span<const HostTensor> outputs) {
  std::string out = R"({"model_name":)";
  append_json_string(out, model);
  out += R"(,"model_version":)";
  append_json_string(out, kOipVersion);
  if (!id.empty()) {
    out += R"(,"id":)";
    append_json_string(out, id);
  }
  out += R"(,"outputs":[)";
  for (const HostTensor& output : outputs) {
    if (&output != &outputs.front()) out += ',';
    append_oip_tensor(out, output);
  }
  return out += "]}";
}

class InferFormat final : public AnswerFormat {
 public:
  InferFormat(std::string model, std::string id) : model_(std::move(model)), id_(std::move(id)) {}

  Dialect dialect() const override { return Dialect::kText; }
  std::string_view input_field() const override { return "inputs"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage&) override {
    HostTensor output;
    output.name = kOipAnswer;
    output.type = ElementType::kString;
    output.shape = {static_cast<std::int64_t>(choices.size())};
    for (const AnswerChoice& choice : choices) output.strings.push_back(choice.text);
    return answer_body(model_, id_, {&output, 1});
  }

  // Answers of this endpoint are never streamed.
  void append_event(std::string&, std::size_t, const engine::TokenEvent&) override {}
  void append_end(std::string&, const engine::RequestUsage&) override {}

 private:
  const std::string model_;
  const std::string id_;
};

// Rows of one length as a matrix.
HostTensor matrix_of(std::string_view name, const std::vector<std::vector<float>>& rows) {
  std::vector<float> numbers;
  for (const std::vector<float>& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  const std::size_t width = rows.empty() ? 0 : rows.front().size();
  return float_tensor(std::string(name), {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(width)},
                      numbers);
}

void generate(ServiceState& state, Writer writer, OipInferCall call, const std::string& request_id,
              std::unique_ptr<AnswerFormat> format) {
  AnswerParts parts;
  parts.writer = std::move(writer);
  for (std::string& text : call.texts) {
    GenerateRequest one = call.shared;
    one.id = request_id;
    one.input = std::move(text);
    parts.requests.push_back(std::move(one));
  }
  parts.format = std::move(format);
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

void score(ServiceState& state, const Writer& writer, OipInferCall call, ScoreRequest wanted, std::string name) {
  for (std::size_t index = 0; index < call.texts.size(); ++index) {
    ScoredText text{std::move(call.texts[index]), std::nullopt};
    if (!call.pairs.empty()) text.second = std::move(call.pairs[index]);
    wanted.texts.push_back(std::move(text));
  }
  wanted.truncates = call.truncates;
  const auto body_of = [name = std::move(name), id = std::move(call.id)](const Scores& scores) {
    const HostTensor output = matrix_of(kOipLogits, scores.scores);
    return answer_body(name, id, {&output, 1});
  };
  const Status accepted =
      state.backend.score(std::move(wanted), answer_later<Scores>(writer, "inputs", body_of, Dialect::kText));
  send_refusal(*writer, accepted, "inputs", Dialect::kText);
}

void embed(ServiceState& state, const Writer& writer, OipInferCall call, EmbedRequest wanted, std::string name) {
  for (std::string& text : call.texts) wanted.texts.emplace_back(std::move(text));
  wanted.truncates = call.truncates;
  wanted.dimensions = call.dimensions;
  const auto body_of = [name = std::move(name), id = std::move(call.id)](const Embeddings& embeddings) {
    const HostTensor output = matrix_of(kOipEmbedding, embeddings.vectors);
    return answer_body(name, id, {&output, 1});
  };
  const Status accepted =
      state.backend.embed(std::move(wanted), answer_later<Embeddings>(writer, "inputs", body_of, Dialect::kText));
  send_refusal(*writer, accepted, "inputs", Dialect::kText);
}

void predict(ServiceState& state, const Writer& writer, OipTensorCall call, std::string name) {
  call.request.stop = stop_when_gone(*writer);
  call.request.run_soon = soon_on(writer);
  const auto body_of = [name = std::move(name), id = std::move(call.id)](const TensorAnswer& answer) {
    return answer_body(name, id, answer.outputs);
  };
  const Status accepted = state.backend.predict(std::move(call.request),
                                                answer_later<TensorAnswer>(writer, "inputs", body_of, Dialect::kText));
  send_refusal(*writer, accepted, "inputs", Dialect::kText);
}

}  // namespace

void oip_infer(ServiceState& state, const net::HttpRequest& request, Writer writer,
               const BackendDescription& description, const std::string& model) {
  if (description.tensors != nullptr) {
    auto tensors = parse_oip_tensors(request.body);
    if (const auto* refusal = std::get_if<Refusal>(&tensors)) {
      writer->send(error_response(Dialect::kText, *refusal));
      return;
    }
    auto call = std::get<OipTensorCall>(std::move(tensors));
    call.request.id = request.id;
    call.request.model = model;
    return predict(state, writer, std::move(call), answering_model(description, model));
  }
  auto parsed = parse_oip_infer(request.body, description);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  auto call = std::get<OipInferCall>(std::move(parsed));
  std::string name = answering_model(description, model);
  if (description.generates) {
    call.shared.model = model;
    auto format = std::make_unique<InferFormat>(std::move(name), call.id);
    return generate(state, std::move(writer), std::move(call), request.id, std::move(format));
  }
  if (call.output == kOipLogits) {
    ScoreRequest wanted;
    wanted.id = request.id;
    wanted.model = model;
    wanted.stop = stop_when_gone(*writer);
    return score(state, writer, std::move(call), std::move(wanted), std::move(name));
  }
  EmbedRequest wanted;
  wanted.id = request.id;
  wanted.model = model;
  wanted.stop = stop_when_gone(*writer);
  embed(state, writer, std::move(call), std::move(wanted), std::move(name));
}

}  // namespace sixfold::service
