// POST /v2/models/{model}/generate and generate_stream.  Source: the Open Inference Protocol's generate extension.
#include <utility>

#include "service/json.h"
#include "service/oip/answer.h"
#include "service/oip/fields.h"

namespace sixfold::service {
namespace {

// The protocol's words.
std::string_view finish_name(engine::FinishReason finish, bool has_stop_text) {
  if (finish == engine::FinishReason::kLength) return "length";
  return has_stop_text ? "stop_sequence" : "eos_token";
}

class GenerateFormat final : public AnswerFormat {
 public:
  GenerateFormat(const Backend& backend, std::string_view model, std::string_view id, bool wants_details)
      : backend_(backend), wants_details_(wants_details) {
    front_ = R"({"model_name":)";
    append_json_string(front_, model);
    front_ += R"(,"model_version":)";
    append_json_string(front_, kOipVersion);
    if (!id.empty()) {
      front_ += R"(,"id":)";
      append_json_string(front_, id);
    }
    front_ += R"(,"text_output":)";
  }

  Dialect dialect() const override { return Dialect::kText; }
  std::string_view input_field() const override { return "text_input"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage&) override {
    const AnswerChoice& choice = choices.front();
    std::string out = front_;
    append_json_string(out, choice.text);
    append_details(out, choice.tokens, choice.finish, !choice.stop_text.empty());
    return out += '}';
  }

  void append_event(std::string& out, std::size_t, const engine::TokenEvent& event) override {
    std::vector<AnswerToken> tokens;
    if (event.chosen && !is_end_token(event)) tokens.push_back({*event.chosen, {}});
    if (event.text.empty() && tokens.empty() && event.finish == engine::FinishReason::kNone) return;
    out += "data: ";
    out += front_;
    append_json_string(out, event.text);
    append_details(out, tokens, event.finish, !event.stop_text.empty());
    out += "}\n\n";
  }

  void append_end(std::string&, const engine::RequestUsage&) override {}

 private:
  void append_details(std::string& out, const std::vector<AnswerToken>& tokens, engine::FinishReason finish,
                      bool has_stop_text) const {
    if (!wants_details_) return;
    out += R"(,"details":{"finish_reason":)";
    append_json_string_or_null(
        out, finish == engine::FinishReason::kNone ? std::string_view() : finish_name(finish, has_stop_text));
    out += R"(,"logprobs":[)";
    for (std::size_t index = 0; index < tokens.size(); ++index) {
      if (index > 0) out += ',';
      const engine::TokenLogprob& token = tokens[index].chosen;
      out += R"({"id":)";
      append_json_integer(out, static_cast<std::uint64_t>(token.token));
      out += R"(,"text":)";
      append_json_string(out, backend_.token_text(token.token));
      out += R"(,"logprob":)";
      append_json_number(out, token.logprob);
      out += '}';
    }
    out += "]}";
  }

  const Backend& backend_;
  const bool wants_details_;
  std::string front_;  // of every object
};

}  // namespace

void oip_generate(ServiceState& state, const net::HttpRequest& request, Writer writer,
                  const BackendDescription& description, const std::string& model, bool streams) {
  auto parsed = parse_oip_generate(request.body, streams, description.sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  auto call = std::get<OipGenerateCall>(std::move(parsed));
  call.request.id = request.id;
  call.request.model = model;
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.wants_logprobs = call.wants_details;
  parts.streams = streams;
  parts.format =
      std::make_unique<GenerateFormat>(state.backend, answering_model(description, model), call.id, call.wants_details);
  parts.requests.push_back(std::move(call.request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
