// <tool_call>{"name": ..., "arguments": {...}}</tool_call>, any number of them, anywhere in the text.
// Source: the prompt format of Hermes 2 Pro, which Qwen2.5 and Qwen3 share.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "service/chat/marker_scan.h"
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kBegin = "<tool_call>";
constexpr std::string_view kEnd = "</tool_call>";

class HermesParser final : public JsonCallParser {
 public:
  explicit HermesParser(const ToolCallContext& context) : JsonCallParser(context) {}

  void take(char byte) override {
    switch (place_) {
      case Place::kText:
        return take_text(byte);
      case Place::kBeforeCall:
        if (is_output_space(byte)) {
          before_ += byte;
          return;
        }
        begin_call(std::exchange(before_, {}));
        place_ = Place::kCall;
        return take_call(byte);
      case Place::kCall:
        return take_call(byte);
      case Place::kAfterCall:
        return take_end(byte);
    }
  }

  void finish() override {
    std::string text = std::exchange(before_, {});
    if (place_ == Place::kCall) finish_call();
    begin_.finish(text);
    if (place_ == Place::kText) end_.finish(text);
    context_.out.content(text);
  }

 private:
  enum class Place { kText, kBeforeCall, kCall, kAfterCall };

  void end_call() override { place_ = Place::kAfterCall; }

  void take_text(char byte) override {
    place_ = Place::kText;
    std::string text;
    const std::string_view marker = begin_.take(byte, text);
    context_.out.content(text);
    if (marker.empty()) return;
    before_ = marker;
    place_ = Place::kBeforeCall;
  }

  // White space and the closing marker; a model that leaves the marker out goes on with text or the next call.
  void take_end(char byte) {
    if (is_output_space(byte)) return;
    std::string text;
    const std::string_view marker = end_.take(byte, text);
    if (marker.empty() && text.empty()) return;
    place_ = Place::kText;
    for (const char other : text) take_text(other);
    if (!marker.empty()) return;
    // What the scan still holds may be the beginning of the next call.
    std::string rest;
    end_.finish(rest);
    for (const char other : rest) take_text(other);
  }

  Place place_ = Place::kText;
  MarkerScan begin_{{kBegin}};
  MarkerScan end_{{kEnd}};
  std::string before_;  // the opening marker and the white space after it
};

}  // namespace

std::unique_ptr<ToolCallParser> make_hermes_parser(const ToolCallContext& context) {
  return std::make_unique<HermesParser>(context);
}

}  // namespace sixfold::service
