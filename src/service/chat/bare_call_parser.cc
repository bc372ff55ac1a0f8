// Calls as bare JSON objects: {"name": ..., "parameters": {...}}, several after another with "; " or a new line between
// them, as an array or in a code fence.  An object is a call when it names a function that there is; text before it is
// allowed only if the object begins just as the models were trained to begin it.
// Sources: Meta's documentation of Llama 3.1's prompt format; the common forms of models without one of their own.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/chat/marker_scan.h"
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kPython = "<|python_tag|>";
constexpr std::string_view kObject = R"({"name": ")";
constexpr std::string_view kFence = "```json";

class BareCallParser final : public ToolCallParser {
 public:
  BareCallParser(const ToolCallContext& context, std::vector<std::string_view> markers)
      : context_(context), scan_(std::move(markers)) {}

  void take(char byte) override {
    switch (place_) {
      case Place::kStart:
        // Markers and white space keep us at the start; anything else is text.
        if (is_output_space(byte)) {
          before_ += byte;
          return;
        }
        if (byte == '[' && !is_list_) {
          is_list_ = true;
          before_ += byte;
          return;
        }
        if (byte == '{') return begin_call(byte);
        place_ = Place::kText;
        context_.out.content(std::exchange(before_, {}));
        return take_text(byte);
      case Place::kText:
        return take_text(byte);
      case Place::kCall:
        return take_call(byte);
      case Place::kAfterCall:
        if (is_output_space(byte) || byte == ';' || byte == ',' || byte == '`') return;
        if (byte == ']' && is_list_) {
          is_list_ = false;
          return;
        }
        if (byte == '{') return begin_call(byte);
        place_ = Place::kText;
        return take_text(byte);
    }
  }

  void finish() override {
    std::string text = std::exchange(before_, {});
    if (place_ == Place::kCall) call_->finish();
    scan_.finish(text);
    context_.out.content(text);
  }

 private:
  enum class Place { kStart, kText, kCall, kAfterCall };

  void begin_call(char byte) {
    call_.emplace(context_, std::exchange(before_, {}));
    place_ = Place::kCall;
    take_call(byte);
  }

  void take_text(char byte) {
    std::string text;
    const std::string_view marker = scan_.take(byte, text);
    context_.out.content(text);
    if (marker.empty()) return;
    if (marker != kObject) {
      before_ = marker;
      place_ = Place::kStart;
      return;
    }
    call_.emplace(context_);
    place_ = Place::kCall;
    for (const char other : marker) take_call(other);
  }

  void take_call(char byte) {
    switch (call_->take(byte)) {
      case JsonCallWriter::State::kOpen:
        return;
      case JsonCallWriter::State::kDone:
        place_ = Place::kAfterCall;
        return;
      case JsonCallWriter::State::kText:
        place_ = Place::kText;
        return take_text(byte);
    }
  }

  const ToolCallContext context_;
  Place place_ = Place::kStart;
  bool is_list_ = false;
  MarkerScan scan_;
  std::optional<JsonCallWriter> call_;
  std::string before_;  // a marker and white space that are content when no call follows
};

}  // namespace

std::unique_ptr<ToolCallParser> make_llama3_parser(const ToolCallContext& context) {
  return std::make_unique<BareCallParser>(context, std::vector<std::string_view>{kPython, kObject});
}

std::unique_ptr<ToolCallParser> make_json_parser(const ToolCallContext& context) {
  return std::make_unique<BareCallParser>(context, std::vector<std::string_view>{kFence, kObject});
}

}  // namespace sixfold::service
