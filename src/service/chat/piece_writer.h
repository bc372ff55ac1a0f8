// The pieces of a chat answer, and the one place that decides which white space between them is the answer's.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sixfold::service {

// A part of an answer, in the order in which the model wrote it.  Every call is one kCallBegin, any number of
// kCallArguments whose texts together are the arguments, and one kCallEnd; calls do not overlap.
struct OutputPiece {
  enum class Kind { kContent, kReasoning, kCallBegin, kCallArguments, kCallEnd };
  Kind kind = Kind::kContent;
  std::string text;      // of content, reasoning or arguments
  std::size_t call = 0;  // which call of the answer, counted from 0
  std::string id, name;  // of kCallBegin
};

// A parsed answer, put together.
struct OutputCall {
  std::string id, name, arguments;
};
struct ParsedOutput {
  std::string content, reasoning;
  std::vector<OutputCall> calls;

  void add(const OutputPiece& piece);
};

// Collects pieces.  White space next to a call or to reasoning belongs to the format and is left out; elsewhere it is
// kept, however the text was cut.  One thread.
class PieceWriter {
 public:
  // make_id: names a call.  has_calls: calls may come; else no white space needs to be held back.
  PieceWriter(std::function<std::string()> make_id, bool has_calls)
      : make_id_(std::move(make_id)), has_calls_(has_calls) {}

  void content(std::string_view text);
  void reasoning(std::string_view text);
  void end_reasoning();  // white space that follows is left out
  void begin_call(std::string_view name);
  void arguments(std::string_view text);
  void end_call();
  void finish();  // nothing follows: white space that was held back is content after all, unless a call came before it

  std::vector<OutputPiece> take() { return std::exchange(pieces_, {}); }
  std::size_t calls() const { return calls_; }

 private:
  void add(OutputPiece::Kind kind, std::string_view text);

  const std::function<std::string()> make_id_;
  const bool has_calls_;
  std::vector<OutputPiece> pieces_;
  std::string held_;  // white space that may turn out to stand before a call, or at the end of the reasoning
  std::size_t calls_ = 0;
  bool skips_space_ = false;  // nothing but white space has come since the reasoning or a call ended
  bool has_reasoning_ = false;
};

bool is_output_space(char byte);

}  // namespace sixfold::service
