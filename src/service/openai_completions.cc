// POST /v1/completions.  Source: OpenAI's API reference, "Completions"; streams are made of the same objects.
#include <utility>

#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/openai_output.h"

namespace sixfold::service {
namespace {

class CompletionFormat final : public AnswerFormat {
 public:
  // echoes: per prompt, the text put before its choices; empty when nothing is echoed.
  CompletionFormat(const Backend& backend, AnswerIdentity identity, const CompletionCall& call,
                   std::vector<std::string> echoes)
      : backend_(backend),
        choices_per_prompt_(call.requests.front().choices),
        wants_logprobs_(call.requests.front().wants_logprobs),
        includes_usage_(call.stream.includes_usage),
        front_(answer_front(identity, "text_completion")),
        echoes_(std::move(echoes)),
        offsets_(call.requests.size() * choices_per_prompt_, 0),
        is_opened_(offsets_.size(), false) {}

  Dialect dialect() const override { return Dialect::kOpenAi; }
  std::string_view input_field() const override { return "prompt"; }

  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override {
    std::string out = front_;
    out += R"(,"choices":[)";
    for (std::size_t index = 0; index < choices.size(); ++index) {
      const AnswerChoice& choice = choices[index];
      if (index > 0) out += ',';
      append_choice(out, index, echo_of(index) + choice.text, choice.tokens, choice.finish);
    }
    out += R"(],"usage":)";
    append_usage(out, usage);
    return out += '}';
  }

  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override {
    std::string text = event.text;
    if (!is_opened_[choice]) {
      is_opened_[choice] = true;
      text.insert(0, echo_of(choice));
    }
    std::vector<AnswerToken> tokens;
    if (wants_logprobs_ && event.chosen && !is_end_token(event)) tokens.push_back({*event.chosen, event.alternatives});
    if (text.empty() && tokens.empty() && event.finish == engine::FinishReason::kNone) return;
    out += "data: ";
    out += front_;
    out += R"(,"choices":[)";
    append_choice(out, choice, text, tokens, event.finish);
    out += includes_usage_ ? R"(],"usage":null})" : "]}";
    out += "\n\n";
  }

  void append_end(std::string& out, const engine::RequestUsage& usage) override {
    if (includes_usage_) {
      out += "data: ";
      out += front_;
      out += R"(,"choices":[],"usage":)";
      append_usage(out, usage);
      out += "}\n\n";
    }
    out += "data: [DONE]\n\n";
  }

 private:
  std::string echo_of(std::size_t choice) const {
    return echoes_.empty() ? std::string() : echoes_[choice / choices_per_prompt_];
  }

  void append_choice(std::string& out, std::size_t choice, std::string_view text,
                     const std::vector<AnswerToken>& tokens, engine::FinishReason finish) {
    out += R"({"index":)";
    append_json_integer(out, choice);
    out += R"(,"text":)";
    append_json_string(out, text);
    out += R"(,"logprobs":)";
    if (wants_logprobs_) {
      append_completion_logprobs(out, backend_, tokens, offsets_[choice]);
    } else {
      out += "null";
    }
    out += R"(,"finish_reason":)";
    append_finish(out, finish);
    out += '}';
  }

  const Backend& backend_;
  const std::size_t choices_per_prompt_;
  const bool wants_logprobs_;
  const bool includes_usage_;
  const std::string front_;  // of every object, without the closing brace
  const std::vector<std::string> echoes_;
  std::vector<std::size_t> offsets_;  // per choice: characters of text that have logprobs so far
  std::vector<bool> is_opened_;
};

// The text of each prompt.
Result<std::vector<std::string>> echoes_of(const Backend& backend, const CompletionCall& call) {
  std::vector<std::string> echoes;
  for (const GenerateRequest& request : call.requests) {
    if (const auto* text = std::get_if<std::string>(&request.input)) {
      echoes.push_back(*text);
    } else {
      SIXFOLD_TRY(std::string decoded, backend.detokenize(std::get<std::vector<TokenId>>(request.input)));
      echoes.push_back(std::move(decoded));
    }
  }
  return echoes;
}

// Puts the model's own form of "write what stands between these" in the place of each prompt.
Status fill_in_middle(const Backend& backend, CompletionCall& call) {
  if (call.suffix.empty()) return ok();
  for (GenerateRequest& request : call.requests) {
    auto& prefix = std::get<std::string>(request.input);
    SIXFOLD_TRY(request.input, backend.infill_prompt({.prefix = std::move(prefix), .suffix = call.suffix}));
  }
  return ok();
}

}  // namespace

void completions(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_completion(request.body, state.backend.describe().sampling);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  CompletionCall call = std::get<CompletionCall>(std::move(parsed));
  if (const Status filled = fill_in_middle(state.backend, call); !filled) {
    writer->send(error_response(Dialect::kOpenAi, Refusal{filled.error(), "suffix", {}}));
    return;
  }
  std::vector<std::string> echoes;
  if (call.echoes) {
    auto texts = echoes_of(state.backend, call);
    if (!texts) {
      writer->send(error_response(Dialect::kOpenAi, Refusal{std::move(texts).error(), "prompt", {}}));
      return;
    }
    echoes = std::move(*texts);
  }
  for (GenerateRequest& one : call.requests) one.id = request.id;
  AnswerIdentity identity{make_answer_id("cmpl-"),
                          answering_model(state.backend.describe(), call.requests.front().model),
                          state.clock.unix_seconds()};
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.choices_per_prompt = call.requests.front().choices;
  parts.wants_logprobs = call.requests.front().wants_logprobs;
  parts.streams = call.stream.streams;
  parts.format = std::make_unique<CompletionFormat>(state.backend, std::move(identity), call, std::move(echoes));
  parts.requests = std::move(call.requests);
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace sixfold::service
