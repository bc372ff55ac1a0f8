// Tokens are counted where the text is parsed: a token is reasoning when its text begins within it.
#include "service/chat/chat_output.h"

namespace sixfold::service {

ChatOutput::ChatOutput(const BackendDescription& description, const GenerateRequest& request)
    : choices_(request.choices) {
  options_.reasoning = find_reasoning_format(description.reasoning_format);
  if (may_call(request)) {
    const ToolFormat* format = find_tool_format(description.tool_format);
    options_.calls = format != nullptr ? format : &choose_tool_format({});
    options_.tools = callable_names(request);
    options_.make_id = [calls = options_.calls] { return make_call_id(*calls); };
  }
}

void ChatOutput::begin(const Generation& generation) {
  options_.is_reasoning_open = generation.begins_in_reasoning();
  parsers_.clear();
  for (std::size_t choice = 0; choice < choices_; ++choice) {
    parsers_.push_back(std::make_unique<ChatOutputParser>(options_));
  }
}

std::vector<OutputPiece> ChatOutput::take(std::size_t choice, const engine::TokenEvent& event) {
  ChatOutputParser& parser = *parsers_[choice];
  if (event.token >= 0 && parser.is_reasoning()) ++reasoning_tokens_;
  std::vector<OutputPiece> pieces = parser.write(event.text);
  if (event.finish != engine::FinishReason::kNone) {
    for (OutputPiece& piece : parser.finish()) pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace sixfold::service
