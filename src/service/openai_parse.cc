// Bodies of /v1/chat/completions and /v1/completions to requests.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "service/openai_fields.h"
#include "service/texts.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

// What OpenAI's completions endpoint generates when the body does not say.
constexpr std::size_t kCompletionTokensDefault = 16;

std::vector<std::string_view> with(const std::vector<std::string_view>& fields,
                                   const std::vector<std::string_view>& more) {
  std::vector<std::string_view> all = fields;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// best_of generates several and returns the likeliest; only the case where it changes nothing is possible here.
void check_best_of(FieldReader& reader, std::size_t choices) {
  const auto best_of = reader.integer("best_of", 1, static_cast<std::int64_t>(limits::kChoicesMax));
  if (best_of && static_cast<std::size_t>(*best_of) != choices) {
    reader.refuse(Refusal{
        invalid_argument("\"best_of\": only the value of \"n\" is supported, want {}, got {}", choices, *best_of),
        "best_of", "unsupported_parameter"});
  }
}

}  // namespace

void read_chat_logprobs(FieldReader& reader, GenerateRequest& request) {
  request.wants_logprobs = reader.boolean("logprobs").value_or(false);
  const auto alternatives = reader.integer("top_logprobs", 0, static_cast<std::int64_t>(limits::kLogprobsMax));
  if (!alternatives) return;
  request.logprobs = static_cast<std::size_t>(*alternatives);
  if (!request.wants_logprobs && request.logprobs > 0) {
    reader.refuse("top_logprobs", "only allowed when \"logprobs\" is true");
  }
}

std::optional<bool> read_effort(FieldReader& reader, std::string_view effort, GenerateRequest& request) {
  constexpr std::array<std::string_view, 6> kLevels = {"none", "minimal", "low", "medium", "high", "xhigh"};
  if (std::find(kLevels.begin(), kLevels.end(), effort) == kLevels.end()) {
    reader.refuse(reader.find("effort") != nullptr ? "effort" : "reasoning_effort",
                  fmt::format(R"(want "none", "minimal", "low", "medium", "high" or "xhigh", got "{}")", effort));
    return std::nullopt;
  }
  if (effort == "none") return false;
  const json::string level(effort.data(), effort.size());
  set_template_argument(request, "reasoning_effort", json::value(level));
  return true;
}

const std::vector<std::string_view>& reasoning_budget_fields() {
  static const std::vector<std::string_view> kFields = {"thinking_token_budget", "thinking_budget_tokens",
                                                        "reasoning_budget", "thinking_budget"};
  return kFields;
}

void read_reasoning_budget(FieldReader& reader, GenerateRequest& request) {
  std::string_view asked;
  for (const std::string_view name : reasoning_budget_fields()) {
    const auto tokens = reader.integer(name, -1, static_cast<std::int64_t>(limits::kContextMax));
    if (!tokens) continue;
    if (!asked.empty())
      return reader.refuse(name, fmt::format("want one budget for the reasoning, got \"{}\" too", asked));
    asked = name;
    if (*tokens >= 0) request.reasoning_tokens_max = static_cast<std::size_t>(*tokens);
  }
}

Parsed<ChatCall> parse_chat(std::string_view body, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown =
      with(with(generation_fields(), reasoning_budget_fields()),
           {"messages", "max_completion_tokens", "logprobs", "top_logprobs", "n", "stream", "stream_options", "tools",
            "tool_choice", "parallel_tool_calls", "chat_template_kwargs", "reasoning_effort"});
  check_fields(reader, kKnown, common_rules());
  ChatCall call;
  call.request.sampling = sampling;
  call.request.input = read_messages(reader);
  read_openai_tools(reader, call.request);
  read_openai_tool_choice(reader, call.request);
  read_template_arguments(reader, call.request);
  if (const auto effort = reader.text("reasoning_effort")) call.thinks = read_effort(reader, *effort, call.request);
  read_reasoning_budget(reader, call.request);
  read_generation(reader, call.request);
  read_chat_logprobs(reader, call.request);
  call.stream = read_stream(reader);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

Parsed<CompletionCall> parse_completion(std::string_view body, const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown =
      with(generation_fields(), {"prompt", "suffix", "echo", "logprobs", "best_of", "n", "stream", "stream_options"});
  check_fields(reader, kKnown, common_rules());

  GenerateRequest shared;
  shared.sampling = sampling;
  read_generation(reader, shared);
  if (!shared.tokens_max) shared.tokens_max = kCompletionTokensDefault;
  CompletionCall call;
  call.stream = read_stream(reader);
  call.echoes = reader.boolean("echo").value_or(false);
  call.suffix = reader.text("suffix").value_or("");
  if (call.echoes && !call.suffix.empty())
    reader.refuse("echo", "the middle of a text cannot be echoed with its prompt");
  if (const auto count = reader.integer("logprobs", 0, static_cast<std::int64_t>(limits::kLogprobsMax))) {
    shared.wants_logprobs = true;
    shared.logprobs = static_cast<std::size_t>(*count);
    if (call.echoes) reader.refuse("logprobs", "logprobs of an echoed prompt are not supported");
  }
  check_best_of(reader, shared.choices);
  std::vector<Text> prompts = read_texts(reader, "prompt", limits::kChoicesMax);
  if (prompts.size() * shared.choices > limits::kChoicesMax) {
    reader.refuse("n", fmt::format("want at most {} choices over all prompts, got {}", limits::kChoicesMax,
                                   prompts.size() * shared.choices));
  }
  for (const Text& prompt : prompts) {
    if (call.suffix.empty() || std::holds_alternative<std::string>(prompt)) continue;
    reader.refuse("prompt", "want text where there is a \"suffix\", got token ids");
  }
  if (!reader.is_ok()) return *reader.refusal();
  for (Text& prompt : prompts) {
    GenerateRequest request = shared;
    std::visit([&](auto& text) { request.input = std::move(text); }, prompt);
    call.requests.push_back(std::move(request));
  }
  return call;
}

}  // namespace sixfold::service
