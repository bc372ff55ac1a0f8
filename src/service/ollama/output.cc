// One object a line; written by hand because there is one for each token.
#include "service/ollama/output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/json.h"
#include "service/openai_output.h"

namespace sixfold::service {
namespace {

std::uint64_t nanoseconds(double seconds) {
  return static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e9);
}

std::string response(std::string_view text) {
  std::string member = R"("response":)";
  append_json_string(member, text);
  return member;
}

// Arguments are an object here; a call that was cut off has none, and clients read that it was from done_reason.
void append_call(std::string& out, const OutputCall& call, std::size_t index) {
  out += R"({"id":)";
  append_json_string(out, call.id);
  out += fmt::format(R"(,"function":{{"index":{},"name":)", index);
  append_json_string(out, call.name);
  const auto arguments = parse_json(call.arguments);
  out += R"(,"arguments":)";
  append_compact(out, arguments.is_ok() && arguments->is_object() ? call.arguments : "{}");
  out += "}}";
}

// first_call: which of the answer's calls the first one is.
std::string message(const ParsedOutput& parsed, std::size_t first_call = 0) {
  std::string member = R"("message":{"role":"assistant","content":)";
  append_json_string(member, parsed.content);
  if (!parsed.reasoning.empty()) {
    member += R"(,"thinking":)";
    append_json_string(member, parsed.reasoning);
  }
  for (std::size_t index = 0; index < parsed.calls.size(); ++index) {
    member += index == 0 ? R"(,"tool_calls":[)" : ",";
    append_call(member, parsed.calls[index], first_call + index);
  }
  if (!parsed.calls.empty()) member += ']';
  return member += '}';
}

}  // namespace

std::string ollama_time(std::int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

std::string ollama_model(const BackendDescription& description, std::string_view name) {
  constexpr std::string_view kTag = ":latest";
  const auto is_known = [&](std::string_view candidate) {
    return names_model(description, candidate) || find_adapter(description, candidate) != nullptr;
  };
  if (name.ends_with(kTag) && !is_known(name)) {
    const std::string_view bare = name.substr(0, name.size() - kTag.size());
    if (!bare.empty() && is_known(bare)) return std::string(bare);
  }
  return std::string(name);
}

// No request waits for the model to be loaded: the server opens its port only then.
void append_ollama_usage(std::string& out, const engine::RequestUsage& usage, double seconds) {
  fmt::format_to(std::back_inserter(out),
                 R"(,"total_duration":{},"load_duration":0,"prompt_eval_count":{},"prompt_eval_duration":{},)"
                 R"("eval_count":{},"eval_duration":{})",
                 nanoseconds(seconds), usage.prompt_tokens, nanoseconds(usage.prefill_seconds), usage.generated_tokens,
                 nanoseconds(usage.decode_seconds));
}

OllamaIdentity ollama_identity(std::string_view model, const Clock& clock) {
  return {std::string(model), ollama_time(clock.unix_seconds()), clock.now()};
}

OllamaFormat::OllamaFormat(const Backend& backend, const Clock& clock, OllamaIdentity identity, bool wants_logprobs)
    : backend_(backend), clock_(clock), wants_logprobs_(wants_logprobs), asked_(identity.asked) {
  front_ = R"({"model":)";
  append_json_string(front_, identity.model);
  front_ += R"(,"created_at":)";
  append_json_string(front_, identity.created);
  front_ += ',';
}

void OllamaFormat::append_logprobs(std::string& out, const std::vector<AnswerToken>& tokens) const {
  if (tokens.empty()) return;
  out += R"(,"logprobs":[)";
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    if (index > 0) out += ',';
    append_chat_logprob(out, backend_, tokens[index]);
  }
  out += ']';
}

void OllamaFormat::append_done(std::string& out, engine::FinishReason finish, const std::vector<TokenId>& ids,
                               const engine::RequestUsage& usage) const {
  out += R"(,"done":true,"done_reason":)";
  append_json_string(out, engine::to_string(finish));
  append_last(out, ids);
  append_ollama_usage(out, usage, seconds_between(asked_, clock_.now()));
  out += '}';
}

std::string OllamaFormat::whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) {
  const AnswerChoice& choice = choices.front();
  std::string out = front_ + whole_member(choice);
  append_logprobs(out, choice.tokens);
  append_done(out, choice.finish, choice.ids, usage);
  return out;
}

std::string OllamaFormat::loaded() const {
  return front_ + empty_member() + R"(,"done":true,"done_reason":"load"})";
}

// A token's logprobs go with its first object, or alone when its text is held back.
void OllamaFormat::append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) {
  if (event.token >= 0) ids_.push_back(event.token);
  if (event.finish != engine::FinishReason::kNone) finish_ = event.finish;
  std::vector<AnswerToken> tokens;
  if (wants_logprobs_ && event.chosen && !is_end_token(event)) tokens.push_back({*event.chosen, event.alternatives});
  std::vector<std::string> members = members_of(choice, event);
  if (members.empty() && !tokens.empty()) members.push_back(empty_member());
  for (const std::string& member : members) {
    out += front_ + member;
    append_logprobs(out, tokens);
    tokens.clear();
    out += R"(,"done":false})";
    out += '\n';
  }
}

void OllamaFormat::append_end(std::string& out, const engine::RequestUsage& usage) {
  out += front_ + empty_member();
  append_done(out, finish_, ids_, usage);
  out += '\n';
}

void OllamaFormat::append_error(std::string& out, const Refusal& refusal) {
  out += error_body(dialect(), refusal);
  out += '\n';
}

std::vector<std::string> OllamaGenerateFormat::members_of(std::size_t, const engine::TokenEvent& event) {
  if (event.text.empty()) return {};
  return {response(event.text)};
}

std::string OllamaGenerateFormat::whole_member(const AnswerChoice& choice) const {
  return response(choice.text);
}

std::string OllamaGenerateFormat::empty_member() const {
  return response({});
}

void OllamaGenerateFormat::append_last(std::string& out, const std::vector<TokenId>& ids) const {
  if (prompt_.empty()) return;
  out += fmt::format(R"(,"context":[{})", fmt::join(prompt_, ","));
  for (const TokenId id : ids) {
    out += ',';
    append_json_integer(out, static_cast<std::uint64_t>(id));
  }
  out += ']';
}

void OllamaChatFormat::note_event(std::size_t choice, const engine::TokenEvent& event) {
  for (const OutputPiece& piece : output_.take(choice, event)) parsed_.add(piece);
}

// A call is one object: its arguments are shown when all of them are there.
std::vector<std::string> OllamaChatFormat::members_of(std::size_t choice, const engine::TokenEvent& event) {
  std::vector<std::string> members;
  for (const OutputPiece& piece : output_.take(choice, event)) {
    parsed_.add(piece);
    if (piece.kind == OutputPiece::Kind::kCallBegin || piece.kind == OutputPiece::Kind::kCallArguments) continue;
    members.push_back(message(std::exchange(parsed_, {}), piece.call));
  }
  return members;
}

std::string OllamaChatFormat::whole_member(const AnswerChoice&) const {
  return message(parsed_);
}

std::string OllamaChatFormat::empty_member() const {
  return message({});
}

}  // namespace sixfold::service
