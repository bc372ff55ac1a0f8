// POST /v1/responses and what follows from it.  Source: OpenAI's API reference, "Responses".
#include "service/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "service/json.h"
#include "service/reasoning_switch.h"
#include "service/responses/format.h"
#include "service/responses/parse.h"

namespace sixfold::service {
namespace {

void refuse(const Writer& writer, const Refusal& refusal) {
  writer->send(error_response(Dialect::kOpenAi, refusal));
}

void send_json(const Writer& writer, std::string body) {
  net::HttpResponse response;
  response.body = std::move(body);
  writer->send(std::move(response));
}

// Puts the conversation together: instructions, what an earlier response left, the new input.  Instructions of earlier
// requests do not carry over.
std::optional<Refusal> set_conversation(ResponseStore& store, ResponsesCall& call) {
  std::vector<tokenizer::ChatMessage> messages;
  if (!call.previous.empty()) {
    const auto earlier = store.find(call.previous);
    if (!earlier) {
      return Refusal{
          invalid_argument("\"previous_response_id\": no response has the id \"{}\", or no longer", call.previous),
          "previous_response_id", "previous_response_not_found"};
    }
    if (earlier->is_running) {
      return Refusal{invalid_argument("\"previous_response_id\": the response \"{}\" is not finished", call.previous),
                     "previous_response_id",
                     {}};
    }
    messages = earlier->conversation;
  }
  messages.insert(messages.end(), call.input.begin(), call.input.end());
  call.input = messages;
  if (!call.instructions.empty()) messages.insert(messages.begin(), {"system", call.instructions});
  if (messages.empty()) return Refusal{invalid_argument("\"input\": want a string or items, got none"), "input", {}};
  call.request.input = std::move(messages);
  return std::nullopt;
}

// The call with its conversation, or nothing after a refusal was sent.
std::optional<ResponsesCall> read_call(ServiceState& state, const BackendDescription& description,
                                       const net::HttpRequest& request, const Writer& writer, bool is_counting) {
  auto parsed = parse_responses(request.body, description.sampling, is_counting);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    refuse(writer, *refusal);
    return std::nullopt;
  }
  ResponsesCall call = std::get<ResponsesCall>(std::move(parsed));
  call.request.id = request.id;
  std::optional<Refusal> refusal = set_conversation(state.responses, call);
  if (!refusal && call.thinks) {
    refusal = switch_reasoning(description, *call.thinks, "reasoning.effort", call.request);
  }
  if (refusal) {
    refuse(writer, *refusal);
    return std::nullopt;
  }
  return call;
}

StoredResponse stored_of(const std::string& id, const ResponsesCall& call) {
  StoredResponse stored;
  stored.id = id;
  stored.items = call.items;
  stored.conversation = call.input;
  stored.is_background = call.is_background;
  return stored;
}

// Reads a generation to its end and leaves the answer in the store.
void run_in_background(Generation& generation, ResponsesFormat& format, ResponseStore& store, StoredResponse stored) {
  while (auto event = generation.next()) {
    if (event->finish == engine::FinishReason::kError || event->finish == engine::FinishReason::kCancelled) {
      const bool is_error = event->error.has_value();
      stored.body =
          is_error ? format.failed_body(refusal_of_generate(*event->error, "input")) : format.body_of("cancelled");
      store.finish(std::move(stored));
      return;
    }
    format.note_event(0, *event);
    if (event->finish != engine::FinishReason::kNone) break;
  }
  format.whole({}, generation.usage());  // which stores it
}

void start_background(ServiceState& state, ResponsesCall call, std::unique_ptr<ResponsesFormat> format,
                      StoredResponse stored, const Writer& writer) {
  auto generation = state.backend.generate(std::move(call.request));
  if (!generation) return refuse(writer, refusal_of_generate(std::move(generation).error(), "input"));
  format->begin(0, **generation);
  const std::string body = format->body_of("in_progress");
  StoredResponse running = stored;
  running.body = body;
  running.is_running = true;
  state.responses.put(std::move(running));
  const std::shared_ptr<ResponsesFormat> shared = std::move(format);
  const std::string id = stored.id;
  const Status started = state.background.start(
      id, std::move(*generation),
      [&store = state.responses, shared, stored](Generation& run) { run_in_background(run, *shared, store, stored); });
  if (!started) {
    state.responses.remove(id);
    return refuse(writer, refusal_of_generate(started.error(), "input"));
  }
  send_json(writer, body);
}

Refusal no_such_response(std::string_view id) {
  return Refusal{not_found("no response has the id \"{}\", or no longer", id), "response_id", {}};
}

}  // namespace

void create_response(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  std::optional<ResponsesCall> call = read_call(state, description, request, writer, false);
  if (!call) return;
  const AnswerIdentity identity{make_answer_id("resp_"), answering_model(description, call->request.model),
                                state.clock.unix_seconds()};
  const StoredResponse stored = stored_of(identity.id, *call);
  std::function<void(const ResponsesFormat::Finished&)> keep;
  if (call->stores) {
    keep = [&store = state.responses, stored](const ResponsesFormat::Finished& finished) {
      StoredResponse complete = stored;
      complete.body = finished.body;
      complete.conversation.push_back(finished.message);
      if (complete.is_background) {
        store.finish(std::move(complete));
      } else {
        store.put(std::move(complete));
      }
    };
  }
  auto format =
      std::make_unique<ResponsesFormat>(state.backend, identity, call->echo, ChatOutput(description, call->request),
                                        call->request.wants_logprobs, std::move(keep));
  if (call->is_background) return start_background(state, *std::move(call), std::move(format), stored, writer);
  AnswerParts parts;
  parts.writer = std::move(writer);
  parts.wants_logprobs = call->request.wants_logprobs;
  parts.streams = call->streams;
  parts.format = std::move(format);
  parts.requests.push_back(std::move(call->request));
  start_answer(state.backend, state.answers, state.clock, std::move(parts));
}

void count_response_tokens(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const BackendDescription description = state.backend.describe();
  const std::optional<ResponsesCall> call = read_call(state, description, request, writer, true);
  if (!call) return;
  const bool is_known =
      names_model(description, call->request.model) || find_adapter(description, call->request.model) != nullptr;
  const auto tokens = is_known ? state.backend.prompt_tokens(call->request)
                               : Result<std::vector<TokenId>>(model_not_found(description, call->request.model));
  if (!tokens.is_ok()) return refuse(writer, refusal_of_generate(tokens.error(), "input"));
  send_json(writer, fmt::format(R"({{"object":"response.input_tokens","input_tokens":{}}})", tokens->size()));
}

void show_response(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const std::string id(request.path_value("response_id"));
  const auto stored = state.responses.find(id);
  if (!stored) return refuse(writer, no_such_response(id));
  if (request.query_value("stream") == "true") {
    return refuse(writer, Refusal{invalid_argument("\"stream\": stored responses are not streamed"), "stream",
                                  "unsupported_parameter"});
  }
  send_json(writer, stored->body);
}

void delete_response(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const std::string id(request.path_value("response_id"));
  state.background.cancel(id);
  if (!state.responses.remove(id)) return refuse(writer, no_such_response(id));
  std::string body = R"({"id":)";
  append_json_string(body, id);
  send_json(writer, body + R"(,"object":"response","deleted":true})");
}

// The body changes at once: whoever asks next shall see it cancelled, however long the last token takes.
void cancel_response(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const std::string id(request.path_value("response_id"));
  auto stored = state.responses.find(id);
  if (!stored) return refuse(writer, no_such_response(id));
  if (!stored->is_background) {
    return refuse(writer, Refusal{invalid_argument("the response \"{}\" was not made in the background, so there is "
                                                   "nothing to cancel",
                                                   id),
                                  "response_id",
                                  {}});
  }
  state.background.cancel(id);
  if (stored->is_running) {
    auto document = parse_json(stored->body);
    if (document.is_ok() && document->is_object()) document->get_object()["status"] = "cancelled";
    StoredResponse cancelled = *stored;
    if (document.is_ok()) cancelled.body = json::serialize(*document);
    cancelled.is_running = false;
    // False when it ended in this moment: then its answer is what there is.
    state.responses.finish(std::move(cancelled));
    stored = state.responses.find(id);
    if (!stored) return refuse(writer, no_such_response(id));
  }
  send_json(writer, stored->body);
}

void list_response_items(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const std::string id(request.path_value("response_id"));
  const auto stored = state.responses.find(id);
  if (!stored) return refuse(writer, no_such_response(id));
  const auto wrong = [&](std::string_view field, std::string_view want) {
    refuse(writer, Refusal{invalid_argument("\"{}\": want {}", field, want), std::string(field), {}});
  };
  std::size_t limit = 20;
  if (const std::string_view text = request.query_value("limit"); !text.empty()) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (failure != std::errc() || end != text.data() + text.size() || limit < 1 || limit > 100) {
      return wrong("limit", "an integer between 1 and 100");
    }
  }
  const std::string_view order = request.query_value("order");
  if (!order.empty() && order != "asc" && order != "desc") return wrong("order", "\"asc\" or \"desc\"");
  std::vector<json::value> items;
  for (const std::string& text : stored->items) {
    if (auto item = parse_json(text); item.is_ok()) items.push_back(*std::move(item));
  }
  if (order != "asc") std::reverse(items.begin(), items.end());
  const auto id_of = [](const json::value& item) { return text_at(item.get_object(), "id"); };
  if (const std::string_view after = request.query_value("after"); !after.empty()) {
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const json::value& item) { return id_of(item) == after; });
    if (found == items.end()) return wrong("after", "the id of an item of this response");
    items.erase(items.begin(), std::next(found));
  }
  const bool has_more = items.size() > limit;
  if (has_more) items.resize(limit);
  json::object list{{"object", "list"}, {"has_more", has_more}};
  list["first_id"] = items.empty() ? json::value(nullptr) : json::value(id_of(items.front()));
  list["last_id"] = items.empty() ? json::value(nullptr) : json::value(id_of(items.back()));
  list["data"] = json::array(items.begin(), items.end());
  send_json(writer, json::serialize(list));
}

}  // namespace sixfold::service
