// POST /api/generate and /api/chat.
#include <algorithm>
#include <utility>

#include "service/endpoints.h"
#include "service/ollama/fields.h"
#include "service/ollama/output.h"
#include "service/reasoning_switch.h"

namespace sixfold::service {
namespace {

void refuse(net::ResponseWriter& writer, const Refusal& refusal) {
  writer.send(error_response(Dialect::kText, refusal));
}

void send_loaded(net::ResponseWriter& writer, const OllamaFormat& format, bool streams) {
  net::HttpResponse response;
  response.body = format.loaded();
  if (streams) {
    response.content_type = format.stream_type();
    response.body += '\n';
  }
  writer.send(std::move(response));
}

// A model that is not here cannot be loaded either.
bool is_known(const BackendDescription& description, std::string_view name) {
  return names_model(description, name) || find_adapter(description, name) != nullptr;
}

// The tokens to go on from: those of an earlier answer, if there are some, and the prompt's, which begins no second
// time.
Result<std::vector<TokenId>> tokens_of(const Backend& backend, const OllamaCall& call) {
  if (call.infill) return backend.infill_prompt(*call.infill);
  SIXFOLD_TRY(std::vector<TokenId> prompt, backend.prompt_tokens(call.request));
  if (call.context.empty()) return prompt;
  SIXFOLD_TRY(const std::vector<TokenId> special, backend.tokenize("", true, false));
  const bool begins_again = !special.empty() && !prompt.empty() && prompt.front() == special.front();
  std::vector<TokenId> tokens = call.context;
  tokens.insert(tokens.end(), prompt.begin() + (begins_again ? 1 : 0), prompt.end());
  return tokens;
}

void start(ServiceState& state, const net::HttpRequest& request, Writer writer, OllamaCall call,
           std::unique_ptr<OllamaFormat> format) {
  call.request.id = request.id;
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.wants_logprobs = call.request.wants_logprobs;
  parts.streams = call.streams;
  parts.format = std::move(format);
  parts.requests.push_back(std::move(call.request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

}  // namespace

void ollama_generate(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  auto parsed = parse_ollama_generate(request.body, description);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*writer, *refusal);
  auto call = std::get<OllamaCall>(std::move(parsed));
  OllamaIdentity identity = ollama_identity(call.request.model, state.clock);
  call.request.model = ollama_model(description, call.request.model);
  std::vector<TokenId> prompt;
  if (call.only_loads) {
    if (!is_known(description, call.request.model)) {
      return refuse(*writer, refusal_of_generate(model_not_found(description, call.request.model), "prompt"));
    }
  } else {
    auto tokens = tokens_of(state.backend, call);
    if (!tokens) return refuse(*writer, refusal_of_generate(std::move(tokens).error(), "prompt"));
    prompt = *tokens;
    call.request.input = std::move(*tokens);
  }
  const bool has_context = !call.is_raw && !call.infill;
  auto format = std::make_unique<OllamaGenerateFormat>(state.backend, state.clock, std::move(identity),
                                                       call.request.wants_logprobs,
                                                       has_context ? std::move(prompt) : std::vector<TokenId>());
  if (call.only_loads) return send_loaded(*writer, *format, call.streams);
  start(state, request, std::move(writer), std::move(call), std::move(format));
}

void ollama_chat(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  auto parsed = parse_ollama_chat(request.body, description);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*writer, *refusal);
  auto call = std::get<OllamaCall>(std::move(parsed));
  OllamaIdentity identity = ollama_identity(call.request.model, state.clock);
  call.request.model = ollama_model(description, call.request.model);
  if (call.thinks) {
    if (const auto refusal = switch_reasoning(description, *call.thinks, "think", call.request)) {
      return refuse(*writer, *refusal);
    }
  }
  auto format = std::make_unique<OllamaChatFormat>(state.backend, state.clock, std::move(identity),
                                                   call.request.wants_logprobs, ChatOutput(description, call.request));
  if (!call.only_loads) return start(state, request, std::move(writer), std::move(call), std::move(format));
  if (!is_known(description, call.request.model)) {
    return refuse(*writer, refusal_of_generate(model_not_found(description, call.request.model), "messages"));
  }
  send_loaded(*writer, *format, call.streams);
}

}  // namespace sixfold::service
