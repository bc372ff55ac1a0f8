// POST /v1/chat/completions.  Source: OpenAI's API reference, "Chat completions" and "Chat completion chunk".
#include <utility>

#include "service/chat/chat_output.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/openai_output.h"
#include "service/reasoning_switch.h"

namespace sixfold::service {
namespace {

class ChatFormat final : public AnswerFormat {
 public:
  ChatFormat(const Backend& backend, AnswerIdentity identity, ChatOutput output, bool wants_logprobs,
             bool includes_usage)
      : backend_(backend),
        identity_(std::move(identity)),
        output_(std::move(output)),
        wants_logprobs_(wants_logprobs),
        includes_usage_(includes_usage),
        chunk_front_("data: " + answer_front(identity_, "chat.completion.chunk")),
        is_opened_(output_.choices(), false),
        parsed_(output_.choices()) {}

  Dialect dialect() const override { return Dialect::kOpenAi; }
  std::string_view input_field() const override { return "messages"; }

  void begin(std::size_t, const Generation& generation) override { output_.begin(generation); }

  void note_event(std::size_t choice, const engine::TokenEvent& event) override {
    for (const OutputPiece& piece : output_.take(choice, event)) parsed_[choice].add(piece);
  }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override {
    std::string out = answer_front(identity_, "chat.completion");
    out += R"(,"choices":[)";
    for (std::size_t index = 0; index < choices.size(); ++index) {
      const AnswerChoice& choice = choices[index];
      out += index > 0 ? R"(,{"index":)" : R"({"index":)";
      append_json_integer(out, index);
      out += R"(,"message":)";
      append_message(out, parsed_[index]);
      out += R"(,"logprobs":)";
      append_logprobs(out, choice.tokens);
      out += R"(,"finish_reason":)";
      append_reason(out, index, choice.finish);
      out += '}';
    }
    out += R"(],"usage":)";
    append_usage(out, usage, output_.reasoning_tokens());
    return out += '}';
  }

  // A token's logprobs go with its first piece, or alone when its text is held back.
  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override {
    if (!is_opened_[choice]) {
      is_opened_[choice] = true;
      append_chunk(out, choice, R"("role":"assistant","content":"")", {}, engine::FinishReason::kNone);
    }
    std::vector<AnswerToken> tokens;
    if (wants_logprobs_ && event.chosen && !is_end_token(event)) tokens.push_back({*event.chosen, event.alternatives});
    for (const OutputPiece& piece : output_.take(choice, event)) {
      const std::string delta = delta_of(piece);
      if (delta.empty()) continue;
      append_chunk(out, choice, delta, tokens, engine::FinishReason::kNone);
      tokens.clear();
    }
    if (!tokens.empty()) append_chunk(out, choice, R"("content":"")", tokens, engine::FinishReason::kNone);
    if (event.finish != engine::FinishReason::kNone) append_chunk(out, choice, "", {}, event.finish);
  }

  void append_end(std::string& out, const engine::RequestUsage& usage) override {
    if (includes_usage_) {
      out += chunk_front_;
      out += R"(,"choices":[],"usage":)";
      append_usage(out, usage, output_.reasoning_tokens());
      out += "}\n\n";
    }
    out += "data: [DONE]\n\n";
  }

 private:
  static void append_call(std::string& out, std::string_view id, std::string_view name, std::string_view arguments) {
    out += R"("id":)";
    append_json_string(out, id);
    out += R"(,"type":"function","function":{"name":)";
    append_json_string(out, name);
    out += R"(,"arguments":)";
    append_json_string(out, arguments);
    out += "}}";
  }

  static void append_message(std::string& out, const ParsedOutput& parsed) {
    out += R"({"role":"assistant","content":)";
    if (parsed.content.empty() && !parsed.calls.empty()) {
      out += "null";
    } else {
      append_json_string(out, parsed.content);
    }
    out += R"(,"refusal":null)";
    if (!parsed.reasoning.empty()) {
      out += R"(,"reasoning_content":)";
      append_json_string(out, parsed.reasoning);
    }
    for (std::size_t index = 0; index < parsed.calls.size(); ++index) {
      const OutputCall& call = parsed.calls[index];
      out += index == 0 ? R"(,"tool_calls":[{)" : ",{";
      append_call(out, call.id, call.name, call.arguments);
    }
    if (!parsed.calls.empty()) out += ']';
    out += '}';
  }

  // Empty for a piece that chunks do not show.
  static std::string delta_of(const OutputPiece& piece) {
    std::string delta;
    switch (piece.kind) {
      case OutputPiece::Kind::kContent:
        delta = R"("content":)";
        append_json_string(delta, piece.text);
        break;
      case OutputPiece::Kind::kReasoning:
        delta = R"("reasoning_content":)";
        append_json_string(delta, piece.text);
        break;
      case OutputPiece::Kind::kCallBegin:
        delta = R"("tool_calls":[{"index":)";
        append_json_integer(delta, piece.call);
        delta += ',';
        append_call(delta, piece.id, piece.name, "");
        delta += ']';
        break;
      case OutputPiece::Kind::kCallArguments:
        delta = R"("tool_calls":[{"index":)";
        append_json_integer(delta, piece.call);
        delta += R"(,"function":{"arguments":)";
        append_json_string(delta, piece.text);
        delta += "}}]";
        break;
      case OutputPiece::Kind::kCallEnd:
        break;
    }
    return delta;
  }

  // An answer that ends by itself after calls waits for their results.
  void append_reason(std::string& out, std::size_t choice, engine::FinishReason finish) const {
    if (finish == engine::FinishReason::kStop && output_.has_calls(choice)) {
      out += R"("tool_calls")";
    } else {
      append_finish(out, finish);
    }
  }

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
    append_reason(out, choice, finish);
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
  ChatOutput output_;
  const bool wants_logprobs_;
  const bool includes_usage_;
  const std::string chunk_front_;     // of every chunk, without the closing brace
  std::vector<bool> is_opened_;       // the choice's role was sent
  std::vector<ParsedOutput> parsed_;  // each choice of an answer that is sent whole
};

}  // namespace

void chat_completions(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  auto parsed = parse_chat(request.body, description.sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  ChatCall call = std::get<ChatCall>(std::move(parsed));
  call.request.id = request.id;
  if (call.thinks) {
    if (const auto refusal = switch_reasoning(description, *call.thinks, "reasoning_effort", call.request)) {
      writer->send(error_response(Dialect::kOpenAi, *refusal));
      return;
    }
  }
  AnswerIdentity identity{make_answer_id("chatcmpl-"), answering_model(description, call.request.model),
                          state.clock.unix_seconds()};
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.choices_per_prompt = call.request.choices;
  parts.wants_logprobs = call.request.wants_logprobs;
  parts.streams = call.stream.streams;
  parts.format = std::make_unique<ChatFormat>(state.backend, std::move(identity), ChatOutput(description, call.request),
                                              call.request.wants_logprobs, call.stream.includes_usage);
  parts.requests.push_back(std::move(call.request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
