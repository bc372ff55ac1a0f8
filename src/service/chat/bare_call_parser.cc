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

class BareCallParser final : public JsonCallParser {
 public:
  BareCallParser(const ToolCallContext& context, std::vector<std::string_view> markers)
      : JsonCallParser(context), scan_(std::move(markers)) {}

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
        if (byte == '{') return take_first(byte);
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
        if (byte == '{') return take_first(byte);
        return take_text(byte);
    }
  }

  void finish() override {
    std::string text = std::exchange(before_, {});
    if (place_ == Place::kCall) finish_call();
    scan_.finish(text);
    context_.out.content(text);
  }

 private:
  enum class Place { kStart, kText, kCall, kAfterCall };

  void end_call() override { place_ = Place::kAfterCall; }

  void take_first(char byte) {
    begin_call(std::exchange(before_, {}));
    place_ = Place::kCall;
    take_call(byte);
  }

  void take_text(char byte) override {
    place_ = Place::kText;
    std::string text;
    const std::string_view marker = scan_.take(byte, text);
    context_.out.content(text);
    if (marker.empty()) return;
    if (marker != kObject) {
      before_ = marker;
      place_ = Place::kStart;
      return;
    }
    begin_call();
    place_ = Place::kCall;
    for (const char other : marker) take_call(other);
  }

  Place place_ = Place::kStart;
  bool is_list_ = false;
  MarkerScan scan_;
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
