// POST /v1/messages and /v1/messages/count_tokens.  Source: Anthropic's API reference, "Create a Message", "Streaming
// Messages", "Count tokens in a Message".
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/sse.h"
#include "service/anthropic_parse.h"
#include "service/chat/chat_output.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_output.h"
#include "service/reasoning_switch.h"

namespace sixfold::service {
namespace {

// A part of the answer: text, thinking or a call.
struct Block {
  OutputPiece::Kind kind = OutputPiece::Kind::kContent;  // kCallBegin for a call
  std::string text;                                      // of a call: its input as JSON
  std::string id, name;
};

// The kind of block that a piece belongs to.
OutputPiece::Kind block_kind(OutputPiece::Kind kind) {
  const bool is_call = kind != OutputPiece::Kind::kContent && kind != OutputPiece::Kind::kReasoning;
  return is_call ? OutputPiece::Kind::kCallBegin : kind;
}

void append_block(std::string& out, const Block& block) {
  switch (block.kind) {
    case OutputPiece::Kind::kContent:
      out += R"({"type":"text","text":)";
      append_json_string(out, block.text);
      break;
    case OutputPiece::Kind::kReasoning:
      // Nobody signs thoughts here; the field is there for clients that send it back.
      out += R"({"type":"thinking","thinking":)";
      append_json_string(out, block.text);
      out += R"(,"signature":"")";
      break;
    default: {
      out += R"({"type":"tool_use","id":)";
      append_json_string(out, block.id);
      out += R"(,"name":)";
      append_json_string(out, block.name);
      // A call that was cut off is no object; clients read that it was from stop_reason.
      const auto input = parse_json(block.text);
      out += R"(,"input":)";
      out += input.is_ok() && input->is_object() ? block.text : "{}";
    }
  }
  out += '}';
}

class MessagesFormat final : public AnswerFormat {
 public:
  MessagesFormat(std::string model, std::string request_id, ChatOutput output, std::size_t tokens_max)
      : id_(make_answer_id("msg_")),
        model_(std::move(model)),
        request_id_(std::move(request_id)),
        output_(std::move(output)),
        tokens_max_(tokens_max) {}

  Dialect dialect() const override { return Dialect::kAnthropic; }
  std::vector<net::Header> headers() const override { return {{"request-id", request_id_}}; }
  std::string_view input_field() const override { return "messages"; }

  void begin(std::size_t, const Generation& generation) override {
    output_.begin(generation);
    prompt_tokens_ = generation.prompt_tokens();
  }

  void note_event(std::size_t choice, const engine::TokenEvent& event) override {
    for (OutputPiece& piece : output_.take(choice, event)) {
      if (!continues_block(piece)) blocks_.push_back({block_kind(piece.kind), "", piece.id, piece.name});
      blocks_.back().text += piece.text;
      is_in_block_ = piece.kind != OutputPiece::Kind::kCallEnd;
    }
    note_end(event);
  }

  std::string whole(const std::vector<AnswerChoice>&, const engine::RequestUsage& usage) override {
    std::string out = front();
    out += R"(,"content":[)";
    for (const Block& block : blocks_) {
      if (&block != &blocks_.front()) out += ',';
      append_block(out, block);
    }
    out += "],";
    append_stop(out, usage);
    out += R"(,"usage":)";
    append_usage_of(out, usage);
    return out += '}';
  }

  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override {
    if (!is_begun_) append_start(out);
    for (const OutputPiece& piece : output_.take(choice, event)) append_piece(out, piece);
    note_end(event);
  }

  void append_end(std::string& out, const engine::RequestUsage& usage) override {
    close_block(out);
    std::string data = R"({"type":"message_delta","delta":{)";
    append_stop(data, usage);
    data += R"(},"usage":)";
    append_usage_of(data, usage);
    out += net::sse_event(data += '}', "message_delta");
    out += net::sse_event(R"({"type":"message_stop"})", "message_stop");
  }

  void append_error(std::string& out, const Refusal& refusal) override {
    out += net::sse_event(error_body(dialect(), refusal), "error");
  }
  std::string keep_alive() const override { return net::sse_event(R"({"type":"ping"})", "ping"); }

 private:
  std::string front() const {
    std::string out = R"({"id":)";
    append_json_string(out, id_);
    out += R"(,"type":"message","role":"assistant","model":)";
    append_json_string(out, model_);
    return out;
  }

  bool continues_block(const OutputPiece& piece) const {
    return is_in_block_ && piece.kind != OutputPiece::Kind::kCallBegin && block_kind(piece.kind) == blocks_.back().kind;
  }

  void note_end(const engine::TokenEvent& event) {
    if (event.finish == engine::FinishReason::kNone) return;
    finish_ = event.finish;
    stop_text_ = event.stop_text;
  }

  // "stop_reason" and "stop_sequence".
  void append_stop(std::string& out, const engine::RequestUsage& usage) const {
    std::string_view reason = "end_turn";
    if (finish_ == engine::FinishReason::kLength) {
      reason = usage.generated_tokens >= tokens_max_ ? "max_tokens" : "model_context_window_exceeded";
    } else if (output_.has_calls(0)) {
      reason = "tool_use";
    } else if (!stop_text_.empty()) {
      reason = "stop_sequence";
    }
    out += fmt::format(R"("stop_reason":"{}","stop_sequence":)", reason);
    append_json_string_or_null(out, reason == "stop_sequence" ? stop_text_ : std::string());
  }

  // Tokens that were found in the cache are counted apart.
  static void append_usage_of(std::string& out, const engine::RequestUsage& usage) {
    const std::uint64_t cached = std::min(usage.cached_tokens, usage.prompt_tokens);
    out += fmt::format(
        R"({{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":{},"output_tokens":{}}})",
        usage.prompt_tokens - cached, cached, usage.generated_tokens);
  }

  void append_start(std::string& out) {
    is_begun_ = true;
    std::string data = R"({"type":"message_start","message":)" + front();
    data += R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)";
    engine::RequestUsage usage;
    usage.prompt_tokens = prompt_tokens_;
    append_usage_of(data, usage);
    out += net::sse_event(data += "}}", "message_start");
    out += keep_alive();
  }

  void append_piece(std::string& out, const OutputPiece& piece) {
    if (piece.kind == OutputPiece::Kind::kCallEnd) return close_block(out);
    if (!continues_block(piece)) {
      close_block(out);
      blocks_.push_back({block_kind(piece.kind), "", piece.id, piece.name});
      is_in_block_ = true;
      std::string data = fmt::format(R"({{"type":"content_block_start","index":{},"content_block":)", index());
      append_block(data, blocks_.back());
      out += net::sse_event(data += '}', "content_block_start");
    }
    if (piece.kind == OutputPiece::Kind::kCallBegin) return;
    const bool is_text = piece.kind == OutputPiece::Kind::kContent;
    const bool is_thought = piece.kind == OutputPiece::Kind::kReasoning;
    append_delta(out, is_text ? "text_delta" : (is_thought ? "thinking_delta" : "input_json_delta"),
                 is_text ? "text" : (is_thought ? "thinking" : "partial_json"), piece.text);
  }

  void append_delta(std::string& out, std::string_view kind, std::string_view field, std::string_view text) const {
    std::string data =
        fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{{"type":"{}","{}":)", index(), kind, field);
    append_json_string(data, text);
    out += net::sse_event(data += "}}", "content_block_delta");
  }

  void close_block(std::string& out) {
    if (!is_in_block_) return;
    is_in_block_ = false;
    if (blocks_.back().kind == OutputPiece::Kind::kReasoning) append_delta(out, "signature_delta", "signature", "");
    out += net::sse_event(fmt::format(R"({{"type":"content_block_stop","index":{}}})", index()), "content_block_stop");
  }

  std::size_t index() const { return blocks_.size() - 1; }

  const std::string id_, model_, request_id_;
  ChatOutput output_;
  const std::size_t tokens_max_;
  std::size_t prompt_tokens_ = 0;
  std::vector<Block> blocks_;  // of a stream: without their texts
  bool is_in_block_ = false;   // the last of them goes on
  bool is_begun_ = false;
  engine::FinishReason finish_ = engine::FinishReason::kNone;
  std::string stop_text_;
};

void refuse(const Writer& writer, const net::HttpRequest& request, Refusal refusal) {
  refusal.request_id = request.id;
  net::HttpResponse response = error_response(Dialect::kAnthropic, refusal);
  response.headers.push_back({"request-id", request.id});
  writer->send(std::move(response));
}

// The call, or nothing after a refusal was sent.
std::optional<MessagesCall> read_call(const BackendDescription& description, const net::HttpRequest& request,
                                      const Writer& writer, bool is_counting) {
  auto parsed = parse_messages(request.body, description.sampling, is_counting);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    refuse(writer, request, std::move(*refusal));
    return std::nullopt;
  }
  MessagesCall call = std::get<MessagesCall>(std::move(parsed));
  call.request.id = request.id;
  // The API does not think unless it is asked to.
  if (auto refusal = switch_reasoning(description, call.thinks.value_or(false), "thinking", call.request)) {
    refuse(writer, request, std::move(*refusal));
    return std::nullopt;
  }
  return call;
}

}  // namespace

void messages(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  std::optional<MessagesCall> call = read_call(description, request, writer, false);
  if (!call) return;
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.streams = call->streams;
  parts.request_id = request.id;
  parts.format =
      std::make_unique<MessagesFormat>(answering_model(description, call->request.model), request.id,
                                       ChatOutput(description, call->request), call->request.tokens_max.value_or(0));
  parts.requests.push_back(std::move(call->request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

void count_tokens(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  const std::optional<MessagesCall> call = read_call(description, request, writer, true);
  if (!call) return;
  const bool is_known =
      names_model(description, call->request.model) || find_adapter(description, call->request.model) != nullptr;
  const auto tokens = is_known ? state.backend.prompt_tokens(call->request)
                               : Result<std::vector<TokenId>>(model_not_found(description, call->request.model));
  if (!tokens.is_ok()) return refuse(writer, request, refusal_of_generate(tokens.error(), "messages"));
  net::HttpResponse response;
  response.headers = {{"request-id", request.id}};
  response.body = fmt::format(R"({{"input_tokens":{}}})", tokens->size());
  writer->send(std::move(response));
}

}  // namespace sixfold::service
