// Items begin and end where the kind of the pieces changes; every event has the next number.
// Source: OpenAI's API reference, "Streaming events".
#include "service/responses/format.h"

#include <fmt/format.h>

#include <utility>

#include "net/sse.h"
#include "service/json.h"

namespace sixfold::service {
namespace {

OutputPiece::Kind item_kind(OutputPiece::Kind kind) {
  const bool is_call = kind != OutputPiece::Kind::kContent && kind != OutputPiece::Kind::kReasoning;
  return is_call ? OutputPiece::Kind::kCallBegin : kind;
}

std::string_view prefix_of(OutputPiece::Kind kind) {
  if (kind == OutputPiece::Kind::kContent) return "msg_";
  return kind == OutputPiece::Kind::kReasoning ? "rs_" : "fc_";
}

void append_part(std::string& out, const ResponseItem& item, bool is_empty) {
  const bool is_text = item.kind == OutputPiece::Kind::kContent;
  out += is_text ? R"({"type":"output_text","text":)" : R"({"type":"reasoning_text","text":)";
  append_json_string(out, is_empty ? std::string_view() : std::string_view(item.text));
  if (is_text) {
    out += R"(,"annotations":[],"logprobs":[)";
    if (!is_empty) out += item.logprobs;
    out += ']';
  }
  out += '}';
}

// status: "in_progress", where nothing of the text is shown yet, "completed" or "incomplete".
void append_item(std::string& out, const ResponseItem& item, std::string_view status) {
  const bool is_empty = status == "in_progress";
  out += R"({"id":)";
  append_json_string(out, item.id);
  out += fmt::format(R"(,"status":"{}")", status);
  if (item.kind == OutputPiece::Kind::kCallBegin) {
    out += R"(,"type":"function_call","call_id":)";
    append_json_string(out, item.call_id);
    out += R"(,"name":)";
    append_json_string(out, item.name);
    out += R"(,"arguments":)";
    append_json_string(out, is_empty ? std::string_view() : std::string_view(item.text));
    out += '}';
    return;
  }
  out += item.kind == OutputPiece::Kind::kContent ? R"(,"type":"message","role":"assistant","content":[)"
                                                  : R"(,"type":"reasoning","summary":[],"content":[)";
  if (!is_empty) append_part(out, item, false);
  out += "]}";
}

void append_usage_of(std::string& out, const engine::RequestUsage& usage, std::uint64_t reasoning_tokens) {
  out += fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},"output_tokens":{},)"
                     R"("output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
                     usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens, reasoning_tokens,
                     usage.prompt_tokens + usage.generated_tokens);
}

}  // namespace

bool ResponsesFormat::continues_item(const OutputPiece& piece) const {
  return is_in_item_ && piece.kind != OutputPiece::Kind::kCallBegin && item_kind(piece.kind) == items_.back().kind;
}

void ResponsesFormat::begin_item(const OutputPiece& piece) {
  ResponseItem item;
  item.kind = item_kind(piece.kind);
  item.id = make_answer_id(prefix_of(item.kind));
  item.call_id = piece.id;
  item.name = piece.name;
  items_.push_back(std::move(item));
  is_in_item_ = true;
}

std::string ResponsesFormat::take_logprobs(const engine::TokenEvent& event) const {
  std::string logprobs;
  if (wants_logprobs_ && event.chosen && !is_end_token(event)) {
    append_chat_logprob(logprobs, backend_, {*event.chosen, event.alternatives});
  }
  return logprobs;
}

void ResponsesFormat::note_event(std::size_t choice, const engine::TokenEvent& event) {
  const std::string logprobs = take_logprobs(event);
  bool has_logprobs = !logprobs.empty();
  for (const OutputPiece& piece : output_.take(choice, event)) {
    if (!continues_item(piece)) begin_item(piece);
    ResponseItem& item = items_.back();
    item.text += piece.text;
    if (item.kind == OutputPiece::Kind::kContent && std::exchange(has_logprobs, false)) {
      item.logprobs += (item.logprobs.empty() ? "" : ",") + logprobs;
    }
    is_in_item_ = piece.kind != OutputPiece::Kind::kCallEnd;
  }
  if (event.finish != engine::FinishReason::kNone) finish_ = event.finish;
}

std::string ResponsesFormat::whole(const std::vector<AnswerChoice>&, const engine::RequestUsage& usage) {
  return final_body(usage);
}

void ResponsesFormat::append_event_of(std::string& out, std::string_view type, std::string_view fields) {
  out += net::sse_event(fmt::format(R"({{"type":"{}","sequence_number":{},{}}})", type, events_++, fields), type);
}

void ResponsesFormat::append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) {
  if (!std::exchange(is_begun_, true)) {
    const std::string fields = R"("response":)" + body_of("in_progress");
    append_event_of(out, "response.created", fields);
    append_event_of(out, "response.in_progress", fields);
  }
  std::string logprobs = take_logprobs(event);
  for (const OutputPiece& piece : output_.take(choice, event)) {
    const bool is_text = piece.kind == OutputPiece::Kind::kContent;
    append_piece(out, piece, is_text ? std::exchange(logprobs, {}) : std::string());
  }
  if (event.finish != engine::FinishReason::kNone) finish_ = event.finish;
}

// "item_id" and "output_index", and where there are parts the only one's index.
std::string ResponsesFormat::place_of_item() const {
  std::string place = R"("item_id":)";
  append_json_string(place, items_.back().id);
  place += fmt::format(R"(,"output_index":{})", items_.size() - 1);
  if (items_.back().kind != OutputPiece::Kind::kCallBegin) place += R"(,"content_index":0)";
  return place;
}

void ResponsesFormat::append_piece(std::string& out, const OutputPiece& piece, std::string_view logprobs) {
  if (piece.kind == OutputPiece::Kind::kCallEnd) return close_item(out);
  if (!continues_item(piece)) {
    close_item(out);
    begin_item(piece);
    std::string fields = fmt::format(R"("output_index":{},"item":)", items_.size() - 1);
    append_item(fields, items_.back(), "in_progress");
    append_event_of(out, "response.output_item.added", fields);
    if (items_.back().kind != OutputPiece::Kind::kCallBegin) {
      fields = place_of_item() + R"(,"part":)";
      append_part(fields, items_.back(), true);
      append_event_of(out, "response.content_part.added", fields);
    }
  }
  if (piece.kind == OutputPiece::Kind::kCallBegin) return;
  ResponseItem& item = items_.back();
  item.text += piece.text;
  std::string fields = place_of_item() + R"(,"delta":)";
  append_json_string(fields, piece.text);
  if (item.kind == OutputPiece::Kind::kContent) {
    fields += fmt::format(R"(,"logprobs":[{}])", logprobs);
    if (!logprobs.empty()) item.logprobs += (item.logprobs.empty() ? "" : ",") + std::string(logprobs);
    append_event_of(out, "response.output_text.delta", fields);
  } else if (item.kind == OutputPiece::Kind::kReasoning) {
    append_event_of(out, "response.reasoning_text.delta", fields);
  } else {
    append_event_of(out, "response.function_call_arguments.delta", fields);
  }
}

void ResponsesFormat::close_item(std::string& out) {
  if (!std::exchange(is_in_item_, false)) return;
  const ResponseItem& item = items_.back();
  std::string fields = place_of_item();
  if (item.kind == OutputPiece::Kind::kCallBegin) {
    fields += R"(,"name":)";
    append_json_string(fields, item.name);
    fields += R"(,"arguments":)";
    append_json_string(fields, item.text);
    append_event_of(out, "response.function_call_arguments.done", fields);
  } else {
    fields += R"(,"text":)";
    append_json_string(fields, item.text);
    const bool is_text = item.kind == OutputPiece::Kind::kContent;
    if (is_text) fields += fmt::format(R"(,"logprobs":[{}])", item.logprobs);
    append_event_of(out, is_text ? "response.output_text.done" : "response.reasoning_text.done", fields);
    fields = place_of_item() + R"(,"part":)";
    append_part(fields, item, false);
    append_event_of(out, "response.content_part.done", fields);
  }
  fields = fmt::format(R"("output_index":{},"item":)", items_.size() - 1);
  append_item(fields, item, "completed");
  append_event_of(out, "response.output_item.done", fields);
}

void ResponsesFormat::append_end(std::string& out, const engine::RequestUsage& usage) {
  close_item(out);
  const bool is_cut = finish_ == engine::FinishReason::kLength;
  append_event_of(out, is_cut ? "response.incomplete" : "response.completed", R"("response":)" + final_body(usage));
}

void ResponsesFormat::append_error(std::string& out, const Refusal& refusal) {
  append_event_of(out, "response.failed", R"("response":)" + failed_body(refusal));
}

std::string ResponsesFormat::final_body(const engine::RequestUsage& usage) {
  Finished finished;
  finished.body = body(finish_ == engine::FinishReason::kLength ? "incomplete" : "completed", &usage, nullptr);
  finished.message.role = "assistant";
  for (const ResponseItem& item : items_) {
    if (item.kind == OutputPiece::Kind::kContent) finished.message.content += item.text;
    if (item.kind == OutputPiece::Kind::kReasoning) finished.message.reasoning_content += item.text;
    if (item.kind == OutputPiece::Kind::kCallBegin) {
      finished.message.tool_calls.push_back({item.call_id, item.name, item.text});
    }
  }
  if (on_finished_) on_finished_(finished);
  return finished.body;
}

std::string ResponsesFormat::body(std::string_view status, const engine::RequestUsage* usage,
                                  const Refusal* refusal) const {
  std::string out = R"({"id":)";
  append_json_string(out, identity_.id);
  out += fmt::format(R"(,"object":"response","created_at":{},"status":"{}","model":)", identity_.created, status);
  append_json_string(out, identity_.model);
  out += R"(,"error":)";
  if (refusal == nullptr) {
    out += "null";
  } else {
    out += R"({"code":)";
    append_json_string(out, refusal->name.empty() ? "server_error" : refusal->name);
    out += R"(,"message":)";
    append_json_string(out, refusal->error.message);
    out += '}';
  }
  const bool is_cut = status == "incomplete";
  out += R"(,"incomplete_details":)";
  out += is_cut ? R"({"reason":"max_output_tokens"})" : "null";
  out += R"(,"output":[)";
  const bool is_finished = is_cut || status == "completed";
  for (std::size_t index = 0; is_finished && index < items_.size(); ++index) {
    if (index > 0) out += ',';
    append_item(out, items_[index], is_cut && index + 1 == items_.size() ? "incomplete" : "completed");
  }
  out += R"(],"usage":)";
  if (usage == nullptr) {
    out += "null";
  } else {
    append_usage_of(out, *usage, output_.reasoning_tokens());
  }
  return out + "," + echo_ + "}";
}

}  // namespace sixfold::service
