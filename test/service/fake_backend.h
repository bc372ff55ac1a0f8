// A Backend whose generations say what the test scripts.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "service/backend.h"

namespace sixfold::service {

// One thread.
class FakeGeneration final : public Generation {
 public:
  void cancel() override { is_cancelled = true; }
  std::optional<engine::TokenEvent> try_next() override {
    if (events.empty()) return std::nullopt;
    engine::TokenEvent event = std::move(events.front());
    events.pop_front();
    ++taken;
    return event;
  }
  std::optional<engine::TokenEvent> next() override { return try_next(); }
  bool is_finished() const override { return events.empty() && is_done; }
  void on_ready(std::function<void()> callback) override {
    ready = std::move(callback);
    if (!events.empty()) ready();
  }
  engine::RequestUsage usage() const override { return counted; }
  std::size_t prompt_tokens() const override { return counted.prompt_tokens; }
  bool begins_in_reasoning() const override { return is_reasoning; }

  // The engine's part: as a TokenStream does, it calls back only when there was nothing before.
  void say(engine::TokenEvent event) {
    const bool was_empty = events.empty();
    events.push_back(std::move(event));
    if (was_empty && ready) ready();
  }
  void say(std::string text, std::uint32_t choice = 0) {
    engine::TokenEvent event;
    event.choice = choice;
    event.token = 7;
    event.text = std::move(text);
    say(std::move(event));
  }
  void finish(engine::FinishReason reason, std::uint32_t choice = 0, std::string text = {}) {
    engine::TokenEvent event;
    event.choice = choice;
    event.text = std::move(text);
    event.finish = reason;
    is_done = true;
    say(std::move(event));
  }
  void fail(Error error) {
    engine::TokenEvent event;
    event.finish = engine::FinishReason::kError;
    event.error = std::move(error);
    say(std::move(event));
  }

  std::deque<engine::TokenEvent> events;
  std::function<void()> ready;
  engine::RequestUsage counted;
  bool is_cancelled = false;
  bool is_done = false;
  bool is_reasoning = false;  // the prompt ends within the reasoning
  int taken = 0;
};

class FakeBackend final : public Backend {
 public:
  FakeBackend() {
    description.model = "fake";
    description.aliases = {"also-fake"};
    description.context = 128;
    description.chat_template = "plain";
  }

  Result<std::shared_ptr<Generation>> generate(GenerateRequest request) override {
    if (!names_model(description, request.model)) return model_not_found(description, request.model);
    if (refusal && requests.size() >= refuse_after) return *refusal;
    requests.push_back(std::move(request));
    generations.push_back(std::make_shared<FakeGeneration>());
    generations.back()->counted.prompt_tokens = 5;
    generations.back()->counted.cached_tokens = 2;
    generations.back()->counted.generated_tokens = 3;
    if (script) script(*generations.back());
    return std::shared_ptr<Generation>(generations.back());
  }
  // Answers when the test says so: see embeds and scores.
  Status embed(EmbedRequest request, Done<Embeddings> done) override {
    if (refusal) return *refusal;
    embeds.push_back({std::move(request), std::move(done)});
    return ok();
  }
  Status score(ScoreRequest request, Done<Scores> done) override {
    if (refusal) return *refusal;
    scores.push_back({std::move(request), std::move(done)});
    return ok();
  }
  BackendDescription describe() const override { return description; }
  // Messages one behind the other.
  Result<std::string> prompt_text(const GenerateRequest& request) const override {
    if (const auto* text = std::get_if<std::string>(&request.input)) return *text;
    if (const auto* tokens = std::get_if<std::vector<TokenId>>(&request.input)) return detokenize(*tokens);
    std::string text;
    for (const auto& message : std::get<std::vector<tokenizer::ChatMessage>>(request.input)) text += message.content;
    return text;
  }
  Result<std::vector<TokenId>> prompt_tokens(const GenerateRequest& request) const override {
    SIXFOLD_TRY(const std::string text, prompt_text(request));
    return tokenize(text, true, true);
  }
  // "PREFIX|SUFFIX|MIDDLE".
  Result<std::vector<TokenId>> infill_prompt(const tokenizer::InfillInput& input) const override {
    if (!description.fills_in_middle) return invalid_argument("the model cannot fill in the middle");
    return tokenize(input.prefix + "|" + input.suffix + "|" + input.middle, false, false);
  }
  // One token per byte.
  Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special, bool) const override {
    std::vector<TokenId> tokens;
    if (adds_special) tokens.push_back(1);
    for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
    return tokens;
  }
  Result<std::string> detokenize(const std::vector<TokenId>& tokens) const override {
    std::string text;
    for (const TokenId token : tokens) {
      if (token > 255) return invalid_argument("token {}: want an id below 256", token);
      text += static_cast<char>(token);
    }
    return text;
  }
  std::string token_text(TokenId token) const override { return std::string(1, static_cast<char>(token)); }
  bool is_ready() const override { return ready; }

  BackendDescription description;
  std::optional<Error> refusal;
  std::size_t refuse_after = 0;  // requests accepted before `refusal`
  bool ready = true;
  std::function<void(FakeGeneration&)> script;  // runs on each new generation
  std::vector<GenerateRequest> requests;
  std::vector<std::pair<EmbedRequest, Done<Embeddings>>> embeds;
  std::vector<std::pair<ScoreRequest, Done<Scores>>> scores;
  std::vector<std::shared_ptr<FakeGeneration>> generations;
};

}  // namespace sixfold::service
