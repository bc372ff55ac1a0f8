// Finds the calls in what a model writes after its reasoning; one implementation for each form that models know.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/chat/json_scan.h"
#include "service/chat/piece_writer.h"

namespace sixfold::service {

// One thread.  Text that does not become a call is content; the end may come anywhere.
class ToolCallParser {
 public:
  virtual ~ToolCallParser() = default;
  virtual void take(char byte) = 0;
  virtual void finish() = 0;
};

// What every parser works with; both outlive it.
struct ToolCallContext {
  PieceWriter& out;
  const std::vector<std::string>& names;  // of the functions that may be called
};

// A JSON call on its way: passes it on once it is one, and as content when it turns out to be none.
class JsonCallWriter {
 public:
  // before: a marker that led here, content too when this is no call.
  explicit JsonCallWriter(const ToolCallContext& context, std::string before = {})
      : context_(context), before_(std::move(before)), scan_(context.names) {}

  // kText: it is no call, or no longer one; this byte was not taken and belongs to what follows.
  enum class State { kOpen, kDone, kText };
  State take(char byte);
  void finish();

 private:
  void pass_on();

  const ToolCallContext context_;
  const std::string before_;
  JsonCallScan scan_;
  bool is_begun_ = false;
};

// What the forms share that write a call as a JSON object: text, with calls at some places in it.
class JsonCallParser : public ToolCallParser {
 protected:
  explicit JsonCallParser(const ToolCallContext& context) : context_(context) {}

  // Text goes on with this byte; and: the call has ended, whatever follows.
  virtual void take_text(char byte) = 0;
  virtual void end_call() = 0;

  // before: as JsonCallWriter's.  The bytes that follow are the call's.
  void begin_call(std::string before = {}) { call_.emplace(context_, std::move(before)); }
  void take_call(char byte);
  void finish_call();

  const ToolCallContext context_;

 private:
  std::optional<JsonCallWriter> call_;
};

// The forms.
std::unique_ptr<ToolCallParser> make_hermes_parser(const ToolCallContext& context);
std::unique_ptr<ToolCallParser> make_llama3_parser(const ToolCallContext& context);
std::unique_ptr<ToolCallParser> make_mistral_parser(const ToolCallContext& context);
std::unique_ptr<ToolCallParser> make_deepseek_parser(const ToolCallContext& context);
std::unique_ptr<ToolCallParser> make_json_parser(const ToolCallContext& context);

}  // namespace sixfold::service
