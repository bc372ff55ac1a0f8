// From a model's raw text to the pieces of a chat answer: reasoning, content and calls.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/chat/chat_format.h"
#include "service/chat/piece_writer.h"
#include "service/chat/reasoning_split.h"
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {

struct OutputParserOptions {
  const ReasoningFormat* reasoning = nullptr;  // null: the model does not think
  bool is_reasoning_open = false;              // the prompt ends within the reasoning
  const ToolFormat* calls = nullptr;           // null: no calls, all text is content
  std::vector<std::string> tools;              // names that calls may have
  std::function<std::string()> make_id;        // names a call
};

// The pieces do not depend on where the text is cut into write()s, no matter at which byte.  One thread.
class ChatOutputParser {
 public:
  explicit ChatOutputParser(OutputParserOptions options);

  // Takes the next part of the text; returns what is now certain.
  std::vector<OutputPiece> write(std::string_view text);
  // Nothing follows.
  std::vector<OutputPiece> finish();

  bool is_reasoning() const { return reasoning_ && reasoning_->is_reasoning(); }
  std::size_t calls() const { return out_.calls(); }

 private:
  void take_answer(std::string_view text);

  const OutputParserOptions options_;
  PieceWriter out_;
  std::optional<ReasoningSplit> reasoning_;
  std::unique_ptr<ToolCallParser> calls_;  // null: no calls
};

}  // namespace sixfold::service
