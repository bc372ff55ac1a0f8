// The table from error code to HTTP status, error type and retry hint, and the two bodies made from it.
#include "service/error_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include "service/json.h"

namespace sixfold::service {
namespace {

// OpenAI's error types; clients choose the exception class by status, people read the type.
std::string_view openai_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

// Seconds after which a retry may help.  A full queue moves with every finished request; a server that stops is
// replaced by another, which takes a little longer.  Empty: a retry brings the same answer.
std::string_view retry_after_seconds(int status) {
  if (status == 429) return "1";
  if (status == 503 || status == 529) return "2";
  return {};
}

// Source: Anthropic's API reference, "Errors".
std::string_view anthropic_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string anthropic_body(int status, std::string_view message, std::string_view request_id) {
  std::string body = R"({"type":"error","error":{"type":)";
  append_json_string(body, anthropic_type(status));
  body += R"(,"message":)";
  append_json_string(body, message);
  body += R"(},"request_id":)";
  append_json_string_or_null(body, request_id);
  return body += '}';
}

// Anthropic's clients know a status of their own for a server that cannot take more.
int anthropic_status(int status) {
  return status == 503 ? 529 : status;
}

int status_of(Dialect dialect, const Refusal& refusal) {
  const bool names_field = refusal.error.code == ErrorCode::kInvalidArgument && !refusal.field.empty();
  if (dialect == Dialect::kPlain && names_field) return 422;
  const int status = error_code_info(refusal.error.code).http_status;
  return dialect == Dialect::kAnthropic ? anthropic_status(status) : status;
}

std::string openai_body(int status, std::string_view message, std::string_view field, std::string_view name) {
  std::string body = R"({"error":{"message":)";
  append_json_string(body, message);
  body += R"(,"type":)";
  append_json_string(body, openai_type(status));
  body += R"(,"param":)";
  append_json_string_or_null(body, field);
  body += R"(,"code":)";
  append_json_string_or_null(body, name);
  return body += "}}";
}

std::string text_body(std::string_view message) {
  std::string body = R"({"error":)";
  append_json_string(body, message);
  return body += '}';
}

// The engine's messages begin with the name of the field at fault: "logit_bias: token 9000, want 0 to 4095".
std::string_view leading_field(std::string_view message, std::string_view input_field) {
  constexpr std::array<std::string_view, 13> kFields = {"temperature",
                                                        "top_p",
                                                        "min_p",
                                                        "typical_p",
                                                        "repetition_penalty",
                                                        "presence_penalty",
                                                        "frequency_penalty",
                                                        "logit_bias",
                                                        "n",
                                                        "logprobs",
                                                        "stop",
                                                        "dimensions",
                                                        "prompt"};
  const std::string_view front = message.substr(0, message.find(": "));
  if (front.starts_with("text ") || front == "messages" || front == "the template refuses the messages") {
    return input_field;
  }
  if (front.starts_with("tools") || front == "chat_template_kwargs") return front;
  if (std::find(kFields.begin(), kFields.end(), front) == kFields.end()) return {};
  return front == "prompt" ? input_field : front;
}

}  // namespace

Refusal refusal_of_generate(Error error, std::string_view input_field) {
  Refusal refusal{std::move(error), {}, {}};
  if (refusal.error.code == ErrorCode::kNotFound) {
    refusal.field = "model";
    refusal.name = "model_not_found";
  } else if (refusal.error.code == ErrorCode::kInvalidArgument && refusal.error.message.starts_with("context length")) {
    refusal.field = input_field;
    refusal.name = "context_length_exceeded";
  } else if (refusal.error.code == ErrorCode::kInvalidArgument) {
    refusal.field = leading_field(refusal.error.message, input_field);
  } else if (refusal.error.code == ErrorCode::kResourceExhausted) {
    refusal.name = "queue_full";
  }
  return refusal;
}

std::string error_body(Dialect dialect, const Refusal& refusal) {
  if (dialect == Dialect::kOpenAi) {
    return openai_body(status_of(dialect, refusal), refusal.error.message, refusal.field, refusal.name);
  }
  if (dialect == Dialect::kText) return text_body(refusal.error.message);
  if (dialect == Dialect::kAnthropic) {
    return anthropic_body(status_of(dialect, refusal), refusal.error.message, refusal.request_id);
  }
  std::string body = R"({"error":{"code":)";
  append_json_string(body, refusal.name.empty() ? error_code_info(refusal.error.code).name : refusal.name);
  body += R"(,"message":)";
  append_json_string(body, refusal.error.message);
  body += R"(,"field":)";
  append_json_string_or_null(body, refusal.field);
  return body += "}}";
}

net::HttpResponse error_response(Dialect dialect, const Refusal& refusal) {
  net::HttpResponse response;
  response.status = status_of(dialect, refusal);
  response.body = error_body(dialect, refusal);
  const std::string_view wait = retry_after_seconds(response.status);
  if (!wait.empty()) response.headers.push_back({"Retry-After", std::string(wait)});
  return response;
}

Dialect dialect_of_path(std::string_view path) {
  // Cohere's reranking stands below /v2 too; its clients read what OpenAI's do.
  const bool is_text = path.starts_with("/api/") || (path.starts_with("/v2/") && path != "/v2/rerank") || path == "/v2";
  if (is_text) return Dialect::kText;
  return path.starts_with("/v1/messages") ? Dialect::kAnthropic : Dialect::kOpenAi;
}

net::HttpResponse http_error_response(int status, std::string_view message, std::string_view path) {
  net::HttpResponse response;
  response.status = status;
  switch (dialect_of_path(path)) {
    case Dialect::kText:
      response.body = text_body(message);
      break;
    case Dialect::kAnthropic:
      response.status = anthropic_status(status);
      response.body = anthropic_body(response.status, message, {});
      break;
    default:
      response.body = openai_body(status, message, {}, {});
  }
  const std::string_view wait = retry_after_seconds(response.status);
  if (!wait.empty()) response.headers.push_back({"Retry-After", std::string(wait)});
  return response;
}

}  // namespace sixfold::service
