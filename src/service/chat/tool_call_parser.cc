// What the forms that write a call as a JSON object share.
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {

void JsonCallWriter::pass_on() {
  if (!scan_.is_call()) return;
  if (!is_begun_) context_.out.begin_call(scan_.name());
  is_begun_ = true;
  context_.out.arguments(scan_.take_arguments());
}

JsonCallWriter::State JsonCallWriter::take(char byte) {
  const JsonCallScan::State state = scan_.take(byte);
  if (state == JsonCallScan::State::kBroken) {
    if (is_begun_) {
      context_.out.end_call();  // too late to take it back: it ends here, as broken as it is
    } else {
      const std::string_view raw = scan_.raw();
      context_.out.content(before_);
      context_.out.content(raw.substr(0, raw.size() - 1));
    }
    return State::kText;
  }
  pass_on();
  if (state == JsonCallScan::State::kOpen) return State::kOpen;
  context_.out.end_call();
  return State::kDone;
}

void JsonCallParser::take_call(char byte) {
  switch (call_->take(byte)) {
    case JsonCallWriter::State::kOpen:
      return;
    case JsonCallWriter::State::kDone:
      return end_call();
    case JsonCallWriter::State::kText:
      return take_text(byte);
  }
}

void JsonCallParser::finish_call() {
  call_->finish();
}

void JsonCallWriter::finish() {
  if (is_begun_) return context_.out.end_call();
  context_.out.content(before_);
  context_.out.content(scan_.raw());
}

}  // namespace sixfold::service
