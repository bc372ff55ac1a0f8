// From messages or text to token ids, and on to the engine.
#include "service/local_backend.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "engine/adapter_shelf.h"
#include "grammar/schema_rules.h"
#include "service/chat/answer_rule.h"
#include "service/token_text.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::service {
namespace {

class LocalGeneration final : public Generation {
 public:
  LocalGeneration(std::shared_ptr<engine::TokenStream> stream, std::size_t prompt_tokens, bool begins_in_reasoning)
      : stream_(std::move(stream)), prompt_tokens_(prompt_tokens), begins_in_reasoning_(begins_in_reasoning) {}

  void cancel() override { stream_->cancel(); }
  std::optional<engine::TokenEvent> try_next() override { return stream_->try_next(); }
  std::optional<engine::TokenEvent> next() override { return stream_->next(); }
  bool is_finished() const override { return stream_->is_finished(); }
  void on_ready(std::function<void()> callback) override { stream_->on_ready(std::move(callback)); }
  engine::RequestUsage usage() const override { return stream_->usage(); }
  std::size_t prompt_tokens() const override { return prompt_tokens_; }
  bool begins_in_reasoning() const override { return begins_in_reasoning_; }

 private:
  const std::shared_ptr<engine::TokenStream> stream_;
  const std::size_t prompt_tokens_;
  const bool begins_in_reasoning_;
};

std::string text_of(const tokenizer::Tokenizer& tokenizer, std::optional<TokenId> token) {
  return token ? tokenizer.piece(*token, true) : std::string();
}

// Some templates open the reasoning at the end of the prompt, and close it at once when there shall be none.
bool ends_in_reasoning(const ReasoningFormat& format, std::string_view text) {
  while (!text.empty() && is_output_space(text.back())) text.remove_suffix(1);
  return text.ends_with(format.begin);
}

}  // namespace

LocalBackend::LocalBackend(std::unique_ptr<engine::Engine> engine,
                           std::unique_ptr<tokenizer::ChatTemplate> chat_template, LocalBackendOptions options)
    : engine_(std::move(engine)),
      chat_template_(std::move(chat_template)),
      tool_format_(choose_tool_format(chat_template_->source())),
      reasoning_format_(choose_reasoning_format(chat_template_->source())),
      clock_(options.clock != nullptr ? *options.clock : system_clock()),
      rules_(engine_->tokenizer()) {
  const model::ModelDescription& model = engine_->model();
  description_.model = options.model.empty() ? model.name : std::move(options.model);
  description_.aliases = std::move(options.aliases);
  description_.architecture = model.architecture;
  description_.weights = model.weights;
  description_.parameters = model.parameters;
  description_.weight_bytes = model.weight_bytes;
  description_.context = engine_->options().context;
  description_.context_max = model.context_max;
  description_.vocabulary = model.vocabulary;
  description_.created = clock_.unix_seconds();
  description_.chat_template = chat_template_->name();
  description_.is_chat_model = options.is_chat_model;
  description_.fills_in_middle = engine_->tokenizer().infill_tokens().has_value();
  description_.sampling = std::move(options.sampling);
  if (const auto& abilities = chat_template_->abilities(); abilities.shows_tools || abilities.shows_tool_calls) {
    description_.tool_format = tool_format_.name;
  }
  if (reasoning_format_ != nullptr) description_.reasoning_format = reasoning_format_->name;
}

LocalBackend::~LocalBackend() {
  const std::lock_guard lock(loading_mutex_);
  if (loading_.joinable()) loading_.join();
}

BackendDescription LocalBackend::describe() const {
  BackendDescription description = description_;
  const engine::AdapterShelf* shelf = engine_->adapters();
  if (shelf == nullptr) return description;
  for (const auto& adapter : shelf->list()) {
    description.adapters.push_back({.id = adapter->id,
                                    .name = adapter->name,
                                    .source = adapter->source,
                                    .scale = adapter->scale,
                                    .created = adapter->loaded});
  }
  return description;
}

// Packing takes a moment, and those who ask are threads that serve connections.
Status LocalBackend::load_adapter(AdapterSource source, Done<Unit> done) {
  engine::AdapterShelf* shelf = engine_->adapters();
  if (shelf == nullptr) return Backend::load_adapter(std::move(source), std::move(done));
  if (names_model(description_, source.name)) {
    return already_exists("adapter \"{}\": want another name than the model's", source.name);
  }
  const std::lock_guard lock(loading_mutex_);
  if (is_loading_.exchange(true)) return unavailable("another adapter is being loaded");
  if (loading_.joinable()) loading_.join();
  loading_ = std::thread([this, shelf, source = std::move(source), done = std::move(done)] {
    const Status status = shelf->load({.name = source.name, .path = source.path, .source = source.source});
    is_loading_ = false;
    done(status);
  });
  return ok();
}

Status LocalBackend::unload_adapter(const std::string& name) {
  engine::AdapterShelf* shelf = engine_->adapters();
  return shelf == nullptr ? Backend::unload_adapter(name) : shelf->unload(name);
}

// By the name of the model, or by the numbers of its adapters.
Status LocalBackend::choose_adapter(const GenerateRequest& request, engine::EngineRequest& work) const {
  const engine::AdapterShelf* shelf = engine_->adapters();
  if (!names_model(description_, request.model)) {
    if (shelf != nullptr) work.adapter = shelf->find(request.model);
    if (work.adapter == nullptr) return model_not_found(describe(), request.model);
    work.adapter_scale = work.adapter->scale;
  }
  const auto known = shelf == nullptr ? std::vector<std::shared_ptr<const engine::NamedAdapter>>() : shelf->list();
  for (const AdapterChoice& choice : request.adapters) {
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& adapter) { return adapter->id == choice.id; });
    if (found == known.end()) return invalid_argument("\"lora\": no adapter has the id {}", choice.id);
    if (choice.scale == 0) continue;
    if (work.adapter != nullptr) return invalid_argument("\"lora\": want at most one adapter for a request, got two");
    work.adapter = *found;
    work.adapter_scale = choice.scale;
  }
  return ok();
}

Result<std::string> LocalBackend::prompt_text(const GenerateRequest& request) const {
  const tokenizer::Tokenizer& tokenizer = engine_->tokenizer();
  if (const auto* tokens = std::get_if<std::vector<TokenId>>(&request.input)) {
    return text_of_tokens(tokenizer, *tokens);
  }
  if (const auto* text = std::get_if<std::string>(&request.input)) return *text;
  tokenizer::ChatInput input;
  input.messages = std::get<std::vector<tokenizer::ChatMessage>>(request.input);
  if (may_call(request)) input.tools = request.tools;
  input.arguments = request.template_arguments;
  input.bos_token = text_of(tokenizer, tokenizer.bos());
  input.eos_token = text_of(tokenizer, tokenizer.eos());
  input.now_unix_seconds = clock_.unix_seconds();
  return chat_template_->render(input);
}

Result<LocalBackend::Prompt> LocalBackend::prompt_of(const GenerateRequest& request) const {
  Prompt prompt;
  if (const auto* tokens = std::get_if<std::vector<TokenId>>(&request.input)) {
    prompt.tokens = *tokens;
    return prompt;
  }
  const tokenizer::Tokenizer& tokenizer = engine_->tokenizer();
  if (const auto* text = std::get_if<std::string>(&request.input)) {
    SIXFOLD_TRY(prompt.tokens, tokenizer.encode(*text, {.adds_special = true, .parses_special = true}));
    return prompt;
  }
  SIXFOLD_TRY(const std::string text, prompt_text(request));
  // Many templates write the beginning token themselves; a second one would shift the model off its training.
  const std::string bos = text_of(tokenizer, tokenizer.bos());
  const bool has_bos = !bos.empty() && text.starts_with(bos);
  SIXFOLD_TRY(prompt.tokens, tokenizer.encode(text, {.adds_special = !has_bos, .parses_special = true}));
  prompt.ends_in_reasoning = reasoning_format_ != nullptr && ends_in_reasoning(*reasoning_format_, text);
  return prompt;
}

Result<std::vector<TokenId>> LocalBackend::prompt_tokens(const GenerateRequest& request) const {
  SIXFOLD_TRY(Prompt prompt, prompt_of(request));
  return std::move(prompt.tokens);
}

Result<std::vector<TokenId>> LocalBackend::infill_prompt(const tokenizer::InfillInput& input) const {
  return tokenizer::infill_prompt(engine_->tokenizer(), input);
}

Result<std::shared_ptr<Generation>> LocalBackend::generate(GenerateRequest request) {
  engine::EngineRequest work;
  SIXFOLD_TRY_STATUS(choose_adapter(request, work));
  SIXFOLD_TRY(Prompt prompt, prompt_of(request));
  const std::size_t prompt_tokens = prompt.tokens.size();
  SIXFOLD_TRY(const OutputRule output_rule,
              make_answer_rule(request, tool_format_, prompt.ends_in_reasoning ? reasoning_format_ : nullptr,
                               grammar::rules_of_schema));
  SIXFOLD_TRY(work.rule, rules_.find(output_rule));
  const bool is_chat = std::holds_alternative<std::vector<tokenizer::ChatMessage>>(request.input);
  if (request.reasoning_tokens_max && is_chat && reasoning_format_ != nullptr) {
    SIXFOLD_TRY(work.reasoning, reasoning_budget(request, prompt.ends_in_reasoning));
  }
  work.prompt = std::move(prompt.tokens);
  work.id = std::move(request.id);
  work.sampling = std::move(request.sampling);
  work.tokens_max = request.tokens_max.value_or(0);
  work.choices = request.choices;
  work.stop = std::move(request.stop);
  work.line_indent = request.line_indent;
  work.ignores_end = request.ignores_end;
  work.shows_special = may_call(request) && tool_format_.shows_special;
  work.logprobs = request.logprobs;
  work.wants_logprobs = request.wants_logprobs;
  SIXFOLD_TRY(std::shared_ptr<engine::TokenStream> stream, engine_->submit(std::move(work)));
  return std::shared_ptr<Generation>(
      std::make_shared<LocalGeneration>(std::move(stream), prompt_tokens, prompt.ends_in_reasoning));
}

Result<engine::ReasoningBudget> LocalBackend::reasoning_budget(const GenerateRequest& request, bool is_open) const {
  engine::ReasoningBudget budget;
  budget.tokens = *request.reasoning_tokens_max;
  budget.begin = reasoning_format_->begin;
  budget.is_open = is_open;
  budget.ends.emplace_back(reasoning_format_->end);
  // What ReasoningSplit takes for the end: a call that begins within the reasoning.
  if (may_call(request)) {
    budget.ends.insert(budget.ends.end(), tool_format_.triggers.begin(), tool_format_.triggers.end());
  }
  SIXFOLD_TRY(budget.closing,
              engine_->tokenizer().encode(reasoning_format_->end, {.adds_special = false, .parses_special = true}));
  return budget;
}

Status LocalBackend::embed(EmbedRequest request, Done<Embeddings>) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return lacks_ability(description_, Ability::kEmbed);
}

Status LocalBackend::score(ScoreRequest request, Done<Scores>) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return lacks_ability(description_, Ability::kScore);
}

Result<std::vector<TokenId>> LocalBackend::tokenize(std::string_view text, bool adds_special,
                                                    bool parses_special) const {
  return engine_->tokenizer().encode(text, {.adds_special = adds_special, .parses_special = parses_special});
}

Result<std::string> LocalBackend::detokenize(const std::vector<TokenId>& tokens) const {
  return text_of_tokens(engine_->tokenizer(), tokens);
}

std::string LocalBackend::token_text(TokenId token) const {
  return engine_->tokenizer().piece(token, true);
}

bool LocalBackend::is_ready() const {
  return engine_->status().is_ready;
}

}  // namespace sixfold::service
