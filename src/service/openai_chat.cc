// POST /v1/chat/completions.  Source: OpenAI's API reference, "Chat completions" and "Chat completion chunk".
#include <utility>

#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/openai_output.h"

namespace sixfold::service {
namespace {

class ChatFormat final : public AnswerFormat {
 public:
  ChatFormat(const Backend& backend, AnswerIdentity identity, std::size_t choices, bool wants_logprobs,
             bool includes_usage)
      : backend_(backend),
        identity_(std::move(identity)),
        wants_logprobs_(wants_logprobs),
        includes_usage_(includes_usage),
        chunk_front_("data: " + answer_front(identity_, "chat.completion.chunk")),
        is_opened_(choices, false) {}

  Dialect dialect() const override { return Dialect::kOpenAi; }
  std::string_view input_field() const override { return "messages"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override {
    std::string out = answer_front(identity_, "chat.completion");
    out += R"(,"choices":[)";
    for (std::size_t index = 0; index < choices.size(); ++index) {
      const AnswerChoice& choice = choices[index];
      out += index > 0 ? R"(,{"index":)" : R"({"index":)";
      append_json_integer(out, index);
      out += R"(,"message":{"role":"assistant","content":)";
      append_json_string(out, choice.text);
      out += R"(,"refusal":null},"logprobs":)";
      append_logprobs(out, choice.tokens);
      out += R"(,"finish_reason":)";
      append_finish(out, choice.finish);
      out += '}';
    }
    out += R"(],"usage":)";
    append_usage(out, usage);
    return out += '}';
  }

  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override {
    if (!is_opened_[choice]) {
      is_opened_[choice] = true;
      append_chunk(out, choice, R"("role":"assistant","content":"")", {}, engine::FinishReason::kNone);
    }
    std::vector<AnswerToken> tokens;
    if (wants_logprobs_ && event.chosen && !is_end_token(event)) tokens.push_back({*event.chosen, event.alternatives});
    if (!event.text.empty() || !tokens.empty()) {
      std::string delta = R"("content":)";
      append_json_string(delta, event.text);
      append_chunk(out, choice, delta, tokens, engine::FinishReason::kNone);
    }
    if (event.finish != engine::FinishReason::kNone) append_chunk(out, choice, "", {}, event.finish);
  }

  void append_end(std::string& out, const engine::RequestUsage& usage) override {
    if (includes_usage_) {
      out += chunk_front_;
      out += R"(,"choices":[],"usage":)";
      append_usage(out, usage);
      out += "}\n\n";
    }
    out += "data: [DONE]\n\n";
  }

 private:
  void append_chunk(std::string& out, std::size_t choice, std::string_view delta,
                    const std::vector<AnswerToken>& tokens, engine::FinishReason finish) const {
    out += chunk_front_;
    out += R"(,"choices":[{"index":)";
    append_json_integer(out, choice);
    out += R"(,"delta":{)";
    out += delta;
    out += R"(},"logprobs":)";
    if (tokens.empty()) {
      out += "null";
    } else {
      append_logprobs(out, tokens);
    }
    out += R"(,"finish_reason":)";
    append_finish(out, finish);
    out += includes_usage_ ? R"(}],"usage":null})" : "}]}";
    out += "\n\n";
  }

  void append_logprobs(std::string& out, const std::vector<AnswerToken>& tokens) const {
    if (!wants_logprobs_) {
      out += "null";
      return;
    }
    out += R"({"content":[)";
    for (std::size_t index = 0; index < tokens.size(); ++index) {
      if (index > 0) out += ',';
      append_chat_logprob(out, backend_, tokens[index]);
    }
    out += R"(],"refusal":null})";
  }

  const Backend& backend_;
  const AnswerIdentity identity_;
  const bool wants_logprobs_;
  const bool includes_usage_;
  const std::string chunk_front_;  // of every chunk, without the closing brace
  std::vector<bool> is_opened_;    // the choice's role was sent
};

}  // namespace

void chat_completions(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_chat(request.body, state.backend.describe().sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  ChatCall call = std::get<ChatCall>(std::move(parsed));
  call.request.id = request.id;
  AnswerIdentity identity{make_answer_id("chatcmpl-"), answering_model(state.backend.describe(), call.request.model),
                          state.clock.unix_seconds()};
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.choices_per_prompt = call.request.choices;
  parts.wants_logprobs = call.request.wants_logprobs;
  parts.streams = call.stream.streams;
  parts.format = std::make_unique<ChatFormat>(state.backend, std::move(identity), call.request.choices,
                                              call.request.wants_logprobs, call.stream.includes_usage);
  parts.requests.push_back(std::move(call.request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
