// Request bodies in OpenAI's shape to GenerateRequest: what is read, what is ignored, what is refused.
#pragma once
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/error_body.h"
#include "service/json.h"

namespace sixfold::service {

// A field that a body may carry although nothing reads it.
struct FieldRule {
  std::string_view name;
  // The reason shown when the field asks for something; empty: the field cannot change the answer and is ignored.
  std::string_view refusal;
  // JSON texts that ask for nothing ("none", {"type":"text"}) and pass; null, false, "", [] and {} always do.
  std::vector<std::string_view> harmless;
};

// Refuses fields of the body that are neither in `known` nor harmless by `rules`: what would change the answer is never
// ignored silently, and a misspelt name gets the nearest known one.
void check_fields(FieldReader& reader, const std::vector<std::string_view>& known, const std::vector<FieldRule>& rules);

// model, temperature, top_p, penalties, logit_bias, seed, stop, lengths, n, rules of output, and our extensions; only
// what is there.
void read_generation(FieldReader& reader, GenerateRequest& request);
// Those names, but for n, which not every endpoint has.
const std::vector<std::string_view>& generation_fields();

// Fields of OpenAI's and other servers' bodies that both endpoints treat alike.
const std::vector<FieldRule>& common_rules();

// The logprobs of chat: a switch, "logprobs", and a number of alternatives, "top_logprobs".
void read_chat_logprobs(FieldReader& reader, GenerateRequest& request);
// Whether a model is to think, as "reasoning_effort" and its like say: "none" to "xhigh".  The level also becomes a
// variable of the chat template.
std::optional<bool> read_effort(FieldReader& reader, std::string_view effort, GenerateRequest& request);

// How many tokens a model may think, as vLLM (thinking_token_budget), llama.cpp (thinking_budget_tokens,
// reasoning_budget) and Qwen's service (thinking_budget) call it; -1 is no limit.
const std::vector<std::string_view>& reasoning_budget_fields();
void read_reasoning_budget(FieldReader& reader, GenerateRequest& request);

struct StreamChoice {
  bool streams = false;
  bool includes_usage = false;
};
StreamChoice read_stream(FieldReader& reader);

// What the endpoints do with a body.
struct ChatCall {
  GenerateRequest request;
  StreamChoice stream;
  std::optional<bool> thinks;  // nothing when the body does not say
};
struct CompletionCall {
  std::vector<GenerateRequest> requests;  // one per prompt
  StreamChoice stream;
  bool echoes = false;
  std::string suffix;  // what follows the text that is asked for; empty: nothing
};

struct EmbeddingsCall {
  EmbedRequest request;
  bool is_base64 = false;  // vectors as base64 of little-endian f32; else as numbers
};
struct RerankCall {
  ScoreRequest request;     // every text is the query, with a document
  std::size_t results = 0;  // the best so many
  bool returns_documents = false;
  bool is_raw = false;  // scores as the model gives them, not as probabilities
};

// Each document with the query, for ScoreRequest::texts.  Errors: invalid_argument when the query is so long that its
// copies would be more than limits::kPairedQueryBytesMax; the message says what is wanted of "query".
Result<std::vector<ScoredText>> pair_texts(const std::string& query, std::vector<std::string> documents);

// Conversation of a chat body: roles and text parts.
std::vector<tokenizer::ChatMessage> read_messages(FieldReader& reader);

// sampling: of a body that does not say otherwise.
Parsed<ChatCall> parse_chat(std::string_view body, const engine::SamplingOptions& sampling = {});
Parsed<CompletionCall> parse_completion(std::string_view body, const engine::SamplingOptions& sampling = {});

Parsed<EmbeddingsCall> parse_embeddings(std::string_view body);
Parsed<RerankCall> parse_rerank(std::string_view body);
Parsed<ScoreRequest> parse_classify(std::string_view body);

// Without the path, which the caller finds.
Parsed<AdapterSource> parse_load_adapter(std::string_view body);
// The name.
Parsed<std::string> parse_unload_adapter(std::string_view body);

// POST /apply-template: the conversation, and the model.
Parsed<GenerateRequest> parse_template(std::string_view body);

// POST /predict.  is_chat: the input is what a user says to a chat model, otherwise text to go on with.
Parsed<GenerateRequest> parse_predict(std::string_view body, bool is_chat,
                                      const engine::SamplingOptions& sampling = {});

}  // namespace sixfold::service
