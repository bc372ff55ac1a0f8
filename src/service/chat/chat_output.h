// The answers of a conversation's choices, from token events to pieces; every dialect writes from these.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/request.h"
#include "service/backend.h"
#include "service/chat/output_parser.h"

namespace sixfold::service {

// One for each request.  One thread.
class ChatOutput {
 public:
  // For the answer of a model with this description to this request.
  ChatOutput(const BackendDescription& description, const GenerateRequest& request);

  // Before the first event.
  void begin(const Generation& generation);

  // The pieces that an event decides; with the last event of a choice, all that are left.
  std::vector<OutputPiece> take(std::size_t choice, const engine::TokenEvent& event);

  std::size_t choices() const { return choices_; }
  bool has_calls(std::size_t choice) const { return parsers_[choice]->calls() > 0; }
  // Tokens of all choices that were reasoning.
  std::uint64_t reasoning_tokens() const { return reasoning_tokens_; }

 private:
  OutputParserOptions options_;
  const std::size_t choices_;
  std::vector<std::unique_ptr<ChatOutputParser>> parsers_;  // one for each choice
  std::uint64_t reasoning_tokens_ = 0;
};

}  // namespace sixfold::service
