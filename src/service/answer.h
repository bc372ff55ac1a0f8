// Carries a generation's events to one HTTP client: whole or streamed, with back-pressure, keep-alive and cancelling.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "net/http.h"
#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

// A token of an answer with its logprobs.
struct AnswerToken {
  engine::TokenLogprob chosen;
  std::vector<engine::TokenLogprob> alternatives;
};

// One choice of an answer that is sent whole.
struct AnswerChoice {
  std::string text;
  std::vector<TokenId> ids;         // of every token, the end token too
  std::vector<AnswerToken> tokens;  // only when logprobs were asked for
  engine::FinishReason finish = engine::FinishReason::kNone;
  std::string stop_text;
};

// How a dialect writes an answer.  One per request; one thread at a time.
class AnswerFormat {
 public:
  virtual ~AnswerFormat() = default;
  virtual Dialect dialect() const = 0;
  // Of every answer, refusals included.
  virtual std::vector<net::Header> headers() const { return {}; }
  // Where the dialect carries the prompt, for errors: "messages".
  virtual std::string_view input_field() const = 0;
  // Once for each prompt, before its first event.
  virtual void begin(std::size_t /*prompt*/, const Generation& /*generation*/) {}
  // Each event of an answer that is sent whole, for formats that read more than text from it.
  virtual void note_event(std::size_t /*choice*/, const engine::TokenEvent& /*event*/) {}
  // The body of an answer sent whole.
  virtual std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) = 0;
  // What the stream says for one event of a choice; choices count over all prompts.
  virtual void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) = 0;
  virtual void append_end(std::string& out, const engine::RequestUsage& usage) = 0;

  // Streams are server-sent events unless a dialect says otherwise.
  virtual std::string_view stream_type() const;
  virtual void append_error(std::string& out, const Refusal& refusal);
  // Bytes that clients ignore, for a stream that has nothing to say; empty: there are none.
  virtual std::string keep_alive() const;
};

// Whether the event is the model's end token, which belongs to no text: it has no logprobs in answers.
bool is_end_token(const engine::TokenEvent& event);

class Answer;

// The answers under way, and their only strong references: callbacks in writers and token streams hold weak ones, so
// nothing forms a cycle and nothing outlives the service.  Thread-safe.
class ActiveAnswers {
 public:
  ~ActiveAnswers();
  void add(std::shared_ptr<Answer> answer);
  void remove(const Answer* answer);
  // Cancels and drops all; afterwards no callback reaches a writer.
  void clear();
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<const Answer*, std::shared_ptr<Answer>> answers_;  // guarded by mutex_
};

struct AnswerParts {
  std::shared_ptr<net::ResponseWriter> writer;
  std::vector<GenerateRequest> requests;  // one per prompt; choices of prompt p follow those of p - 1
  std::size_t choices_per_prompt = 1;     // as every request says
  bool wants_logprobs = false;            // as every request says
  std::string request_id = {};            // for errors that repeat it
  std::unique_ptr<AnswerFormat> format;
  bool streams = false;
};

// Submits the requests and answers when their tokens come; a refusal is answered at once.  Returns without waiting.
void start_answer(Backend& backend, ActiveAnswers& active, const Clock& clock, AnswerParts parts);

}  // namespace sixfold::service
