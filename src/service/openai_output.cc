// Written straight into the answer's string: these run once per token.
#include "service/openai_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <random>

#include "core/utf8.h"
#include "core/version.h"
#include "service/json.h"

namespace sixfold::service {
namespace {

std::uint64_t random_bits() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// A token as text.  Part of a character has no text of its own: it is spelt "bytes:\xe2\x82", as OpenAI's completions
// endpoint does, so that different tokens keep different names.
std::string spelt(const std::string& bytes) {
  if (is_valid_utf8(bytes)) return bytes;
  std::string out = "bytes:";
  for (const char byte : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return out;
}

void append_logprob_fields(std::string& out, const Backend& backend, const engine::TokenLogprob& token) {
  const std::string bytes = backend.token_text(token.token);
  out += R"({"token":)";
  append_json_string(out, bytes);
  out += R"(,"logprob":)";
  append_json_number(out, token.logprob);
  out += R"(,"bytes":[)";
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index > 0) out += ',';
    append_json_integer(out, static_cast<unsigned char>(bytes[index]));
  }
  out += ']';
}

// Characters that begin in these bytes: continuation bytes belong to an earlier one.
std::size_t characters(std::string_view bytes) {
  return static_cast<std::size_t>(std::count_if(
      bytes.begin(), bytes.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u; }));
}

}  // namespace

std::string make_answer_id(std::string_view prefix) {
  static const std::uint64_t kProcess = random_bits();
  static std::atomic<std::uint32_t> count{0};
  return fmt::format("{}{:016x}{:08x}", prefix, kProcess, count.fetch_add(1, std::memory_order_relaxed));
}

void append_usage(std::string& out, const engine::RequestUsage& usage, std::uint64_t reasoning_tokens) {
  out += R"({"prompt_tokens":)";
  append_json_integer(out, usage.prompt_tokens);
  out += R"(,"completion_tokens":)";
  append_json_integer(out, usage.generated_tokens);
  out += R"(,"total_tokens":)";
  append_json_integer(out, usage.prompt_tokens + usage.generated_tokens);
  out += R"(,"prompt_tokens_details":{"cached_tokens":)";
  append_json_integer(out, usage.cached_tokens);
  out += '}';
  if (reasoning_tokens > 0) {
    out += R"(,"completion_tokens_details":{"reasoning_tokens":)";
    append_json_integer(out, reasoning_tokens);
    out += '}';
  }
  out += '}';
}

void append_finish(std::string& out, engine::FinishReason finish) {
  append_json_string_or_null(out, engine::to_string(finish));
}

std::string answer_front(const AnswerIdentity& identity, std::string_view object) {
  std::string front = R"({"id":)";
  append_json_string(front, identity.id);
  front += R"(,"object":)";
  append_json_string(front, object);
  front += fmt::format(R"(,"created":{},"model":)", identity.created);
  append_json_string(front, identity.model);
  front += fmt::format(R"(,"system_fingerprint":"sixfold-{}")", version());
  return front;
}

void append_chat_logprob(std::string& out, const Backend& backend, const AnswerToken& token) {
  append_logprob_fields(out, backend, token.chosen);
  out += R"(,"top_logprobs":[)";
  for (std::size_t index = 0; index < token.alternatives.size(); ++index) {
    if (index > 0) out += ',';
    append_logprob_fields(out, backend, token.alternatives[index]);
    out += '}';
  }
  out += "]}";
}

void append_completion_logprobs(std::string& out, const Backend& backend, const std::vector<AnswerToken>& tokens,
                                std::size_t& offset) {
  std::string names, logprobs, tops, offsets;
  for (const AnswerToken& token : tokens) {
    if (!names.empty()) {
      for (std::string* list : {&names, &logprobs, &tops, &offsets}) *list += ',';
    }
    const std::string bytes = backend.token_text(token.chosen.token);
    append_json_string(names, spelt(bytes));
    append_json_number(logprobs, token.chosen.logprob);
    append_json_integer(offsets, offset);
    offset += characters(bytes);
    tops += '{';
    for (std::size_t index = 0; index < token.alternatives.size(); ++index) {
      if (index > 0) tops += ',';
      append_json_string(tops, spelt(backend.token_text(token.alternatives[index].token)));
      tops += ':';
      append_json_number(tops, token.alternatives[index].logprob);
    }
    tops += '}';
  }
  out += R"({"tokens":[)" + names + R"(],"token_logprobs":[)" + logprobs + R"(],"top_logprobs":[)" + tops +
         R"(],"text_offset":[)" + offsets + "]}";
}

}  // namespace sixfold::service
