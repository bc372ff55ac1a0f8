// What a client is told when its request is refused: one table from error code to each dialect's body.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "net/http.h"

namespace sixfold::service {

enum class Dialect {
  kOpenAi,     // {"error": {"message", "type", "param", "code"}}
  kPlain,      // {"error": {"code", "message", "field"}}; a field at fault gives 422
  kText,       // {"error": "..."}, as ollama's clients and the Open Inference Protocol's read
  kAnthropic,  // {"type": "error", "error": {"type", "message"}, "request_id"}
};

// Of the endpoints below a path, for errors that no handler answers.
Dialect dialect_of_path(std::string_view path);

// An error with what a client needs beyond the message.
struct Refusal {
  Error error;
  std::string field;            // the JSON field at fault, "messages[2].role"; empty when none is
  std::string name;             // a machine-readable name, "model_not_found"; empty when there is no established one
  std::string request_id = {};  // for dialects whose errors repeat it
};

// The value, or why the request is refused.
template <class T>
using Parsed = std::variant<T, Refusal>;

// An error of Backend::generate with its established name.  input_field: where the dialect carries the prompt.
Refusal refusal_of_generate(Error error, std::string_view input_field);

// The whole answer, with Retry-After where a retry makes sense.
net::HttpResponse error_response(Dialect dialect, const Refusal& refusal);

// The body alone, for streams that fail midway.
std::string error_body(Dialect dialect, const Refusal& refusal);

// For errors that the HTTP server itself answers (404, 405, 413 ...): as the path's clients read them, and in OpenAI's
// shape when no path is known.
net::HttpResponse http_error_response(int status, std::string_view message, std::string_view path);

}  // namespace sixfold::service
