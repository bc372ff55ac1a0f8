// Pieces of answers that ollama's endpoints share.  Source: ollama's API reference (docs/api.md) and api/types.go.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "service/answer.h"
#include "service/backend.h"
#include "service/chat/chat_output.h"

namespace sixfold::service {

// RFC 3339, in UTC: "2024-05-04T12:00:00Z".
std::string ollama_time(std::int64_t unix_seconds);

// ollama's clients put ":latest" behind names without a tag; without it, a name that is known without it.
std::string ollama_model(const BackendDescription& description, std::string_view name);

// The times of a request: ,"total_duration":...,"load_duration":... and so on, in nanoseconds.
void append_ollama_usage(std::string& out, const engine::RequestUsage& usage, double seconds);

// What an answer's objects begin with, and when it was asked for.
struct OllamaIdentity {
  std::string model;
  std::string created;  // ollama_time
  TimePoint asked;
};
OllamaIdentity ollama_identity(std::string_view model, const Clock& clock);

// Objects of one line each, the last one with what the answer cost.
class OllamaFormat : public AnswerFormat {
 public:
  // backend and clock must outlive the format.
  OllamaFormat(const Backend& backend, const Clock& clock, OllamaIdentity identity, bool wants_logprobs);

  Dialect dialect() const override { return Dialect::kText; }
  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override;
  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override;
  void append_end(std::string& out, const engine::RequestUsage& usage) override;

  // The answer to a request that only asks for the model to be loaded, which it is.
  std::string loaded() const;

  std::string_view stream_type() const override { return "application/x-ndjson"; }
  void append_error(std::string& out, const Refusal& refusal) override;
  // Clients take every line for an object.
  std::string keep_alive() const override { return {}; }

 protected:
  // What an object of a stream says, a member each: "response":"...", or a message.  None: nothing yet.
  virtual std::vector<std::string> members_of(std::size_t choice, const engine::TokenEvent& event) = 0;
  // The same of a whole answer; and of none.
  virtual std::string whole_member(const AnswerChoice& choice) const = 0;
  virtual std::string empty_member() const = 0;
  // Further members of the last object, each after a comma.  ids: of the whole answer.
  virtual void append_last(std::string&, const std::vector<TokenId>&) const {}

 private:
  void append_logprobs(std::string& out, const std::vector<AnswerToken>& tokens) const;
  void append_done(std::string& out, engine::FinishReason finish, const std::vector<TokenId>& ids,
                   const engine::RequestUsage& usage) const;

  const Backend& backend_;
  const Clock& clock_;
  const bool wants_logprobs_;
  const TimePoint asked_;
  std::string front_;  // of every object
  // Of a stream.
  std::vector<TokenId> ids_;
  engine::FinishReason finish_ = engine::FinishReason::kNone;
};

class OllamaGenerateFormat final : public OllamaFormat {
 public:
  // prompt: its tokens, with which the next request's "context" begins; empty: the answer has no context.
  OllamaGenerateFormat(const Backend& backend, const Clock& clock, OllamaIdentity identity, bool wants_logprobs,
                       std::vector<TokenId> prompt)
      : OllamaFormat(backend, clock, std::move(identity), wants_logprobs), prompt_(std::move(prompt)) {}
  std::string_view input_field() const override { return "prompt"; }

 protected:
  std::vector<std::string> members_of(std::size_t choice, const engine::TokenEvent& event) override;
  std::string whole_member(const AnswerChoice& choice) const override;
  std::string empty_member() const override;
  void append_last(std::string& out, const std::vector<TokenId>& ids) const override;

 private:
  const std::vector<TokenId> prompt_;
};

class OllamaChatFormat final : public OllamaFormat {
 public:
  OllamaChatFormat(const Backend& backend, const Clock& clock, OllamaIdentity identity, bool wants_logprobs,
                   ChatOutput output)
      : OllamaFormat(backend, clock, std::move(identity), wants_logprobs), output_(std::move(output)) {}
  std::string_view input_field() const override { return "messages"; }
  void begin(std::size_t, const Generation& generation) override { output_.begin(generation); }
  void note_event(std::size_t choice, const engine::TokenEvent& event) override;

 protected:
  std::vector<std::string> members_of(std::size_t choice, const engine::TokenEvent& event) override;
  std::string whole_member(const AnswerChoice& choice) const override;
  std::string empty_member() const override;

 private:
  ChatOutput output_;
  ParsedOutput parsed_;  // of an answer that is sent whole; of a stream, the call that is being written
};

}  // namespace sixfold::service
