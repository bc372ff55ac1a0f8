// Pieces of answers that OpenAI's endpoints share: ids, usage, finish reasons, logprobs.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "service/answer.h"
#include "service/backend.h"

namespace sixfold::service {

// A name that no other answer of any process has: "chatcmpl-" and 24 hexadecimal digits.
std::string make_answer_id(std::string_view prefix);

// {"prompt_tokens": ..., "completion_tokens": ..., "total_tokens": ..., "prompt_tokens_details": {...}}; with
// "completion_tokens_details" when some of the tokens were reasoning.
void append_usage(std::string& out, const engine::RequestUsage& usage, std::uint64_t reasoning_tokens = 0);

// "stop", "length" or null.
void append_finish(std::string& out, engine::FinishReason finish);

// The front of every object of one answer: {"id":...,"object":...,"created":...,"model":...,"system_fingerprint":...
// and no closing brace.
struct AnswerIdentity {
  std::string id;
  std::string model;
  std::int64_t created = 0;  // unix seconds
};
std::string answer_front(const AnswerIdentity& identity, std::string_view object);

// Chat's form of one token: {"token", "logprob", "bytes", "top_logprobs": [...]}.
void append_chat_logprob(std::string& out, const Backend& backend, const AnswerToken& token);

// Completions' form: four parallel arrays.  offset: characters of this choice's text before these tokens; moved on.
void append_completion_logprobs(std::string& out, const Backend& backend, const std::vector<AnswerToken>& tokens,
                                std::size_t& offset);

}  // namespace sixfold::service
