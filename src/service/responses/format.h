// Writes answers as the Responses API does: items, and a stream of events about them.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "service/answer.h"
#include "service/chat/chat_output.h"
#include "service/openai_output.h"

namespace sixfold::service {

// A part of the answer: a message, reasoning or a call.
struct ResponseItem {
  OutputPiece::Kind kind = OutputPiece::Kind::kContent;  // kCallBegin for a call
  std::string id;
  std::string text;           // of a call: its arguments
  std::string call_id, name;  // of a call
  std::string logprobs;       // of a message's tokens: JSON values with commas between
};

class ResponsesFormat final : public AnswerFormat {
 public:
  // What a client and a later request may ask for when the answer is there.
  struct Finished {
    std::string body;                // the response object
    tokenizer::ChatMessage message;  // of the assistant
  };

  // echo: the request's settings as ResponsesCall has them.  on_finished is called once, when the answer is complete.
  ResponsesFormat(const Backend& backend, AnswerIdentity identity, std::string echo, ChatOutput output,
                  bool wants_logprobs, std::function<void(const Finished&)> on_finished)
      : backend_(backend),
        identity_(std::move(identity)),
        echo_(std::move(echo)),
        output_(std::move(output)),
        wants_logprobs_(wants_logprobs),
        on_finished_(std::move(on_finished)) {}

  Dialect dialect() const override { return Dialect::kOpenAi; }
  std::string_view input_field() const override { return "input"; }
  void begin(std::size_t, const Generation& generation) override { output_.begin(generation); }
  void note_event(std::size_t choice, const engine::TokenEvent& event) override;
  std::string whole(const std::vector<AnswerChoice>& choices, const engine::RequestUsage& usage) override;
  void append_event(std::string& out, std::size_t choice, const engine::TokenEvent& event) override;
  void append_end(std::string& out, const engine::RequestUsage& usage) override;
  void append_error(std::string& out, const Refusal& refusal) override;

  // The response object while the answer is on its way, and when it ends without one.
  std::string body_of(std::string_view status) const { return body(status, nullptr, nullptr); }
  std::string failed_body(const Refusal& refusal) const { return body("failed", nullptr, &refusal); }

 private:
  bool continues_item(const OutputPiece& piece) const;
  void begin_item(const OutputPiece& piece);
  void append_event_of(std::string& out, std::string_view type, std::string_view fields);
  void append_piece(std::string& out, const OutputPiece& piece, std::string_view logprobs);
  void close_item(std::string& out);
  std::string place_of_item() const;
  std::string final_body(const engine::RequestUsage& usage);
  std::string body(std::string_view status, const engine::RequestUsage* usage, const Refusal* refusal) const;
  std::string take_logprobs(const engine::TokenEvent& event) const;

  const Backend& backend_;
  const AnswerIdentity identity_;
  const std::string echo_;
  ChatOutput output_;
  const bool wants_logprobs_;
  const std::function<void(const Finished&)> on_finished_;
  std::vector<ResponseItem> items_;
  bool is_in_item_ = false;  // the last of them goes on
  bool is_begun_ = false;
  std::size_t events_ = 0;
  engine::FinishReason finish_ = engine::FinishReason::kNone;
};

}  // namespace sixfold::service
