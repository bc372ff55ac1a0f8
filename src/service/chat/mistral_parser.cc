// [TOOL_CALLS][{"name": ..., "arguments": {...}}, ...], and the newer [TOOL_CALLS]name[ARGS]{...}, which comes once for
// each call.  Source: Mistral's chat templates and the tokenizer versions v3 and v11 of mistral-common.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "service/chat/marker_scan.h"
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kBegin = "[TOOL_CALLS]";
constexpr std::string_view kArguments = "[ARGS]";
constexpr std::size_t kNameBytesMax = 1024;

class MistralParser final : public JsonCallParser {
 public:
  explicit MistralParser(const ToolCallContext& context) : JsonCallParser(context) {}

  void take(char byte) override {
    switch (place_) {
      case Place::kText:
        return take_text(byte);
      case Place::kAfterMarker:
        return take_begin(byte);
      case Place::kBeforeCall:
        if (is_output_space(byte)) {
          before_ += byte;
          return;
        }
        if (byte != '{') return give_up(byte);
        begin_call(std::exchange(before_, {}));
        place_ = Place::kCall;
        return take_call(byte);
      case Place::kCall:
        return take_call(byte);
      case Place::kAfterCall:
        if (is_output_space(byte) || byte == ']') return;  // text may follow the list, or another marker
        if (byte == ',') {
          place_ = Place::kBeforeCall;
          return;
        }
        return give_up(byte);
      case Place::kName:
        return take_name(byte);
      case Place::kValue:
        return take_value(byte);
    }
  }

  void finish() override {
    std::string text = std::exchange(before_, {}) + std::exchange(name_, {});
    if (place_ == Place::kCall) finish_call();
    if (place_ == Place::kValue) {
      if (is_begun_) {
        context_.out.end_call();
      } else {
        text += kArguments;
      }
    }
    arguments_.finish(text);
    begin_.finish(text);
    context_.out.content(text);
  }

 private:
  enum class Place { kText, kAfterMarker, kBeforeCall, kCall, kAfterCall, kName, kValue };

  void end_call() override { place_ = Place::kAfterCall; }

  void take_text(char byte) override {
    place_ = Place::kText;
    std::string text;
    const std::string_view marker = begin_.take(byte, text);
    context_.out.content(text);
    if (marker.empty()) return;
    before_ = marker;
    place_ = Place::kAfterMarker;
  }

  void take_begin(char byte) {
    if (is_output_space(byte)) {
      before_ += byte;
    } else if (byte == '[') {
      before_ += byte;
      place_ = Place::kBeforeCall;
    } else if (byte == '{') {
      place_ = Place::kBeforeCall;
      take(byte);
    } else {
      place_ = Place::kName;
      take_name(byte);
    }
  }

  void take_name(char byte) {
    const std::string_view marker = arguments_.take(byte, name_);
    if (marker.empty()) {
      if (name_.size() > kNameBytesMax) give_up({});
      return;
    }
    if (std::find(context_.names.begin(), context_.names.end(), name_) == context_.names.end()) {
      name_ += marker;
      return give_up({});
    }
    value_ = {};
    is_begun_ = false;
    place_ = Place::kValue;
  }

  void take_value(char byte) {
    if (!is_begun_) {
      if (byte != '{') {
        name_ += kArguments;
        return give_up(byte);
      }
      context_.out.begin_call(std::exchange(name_, {}));
      before_.clear();
      is_begun_ = true;
    }
    const JsonExtent::State state = value_.take(byte);
    if (state == JsonExtent::State::kBroken) {
      context_.out.end_call();
      return give_up(byte);
    }
    context_.out.arguments({&byte, 1});
    if (state == JsonExtent::State::kOpen) return;
    context_.out.end_call();
    place_ = Place::kText;
  }

  // What led here is content; the byte, if any, belongs to what follows.
  void give_up(std::optional<char> byte) {
    context_.out.content(std::exchange(before_, {}));
    context_.out.content(std::exchange(name_, {}));
    place_ = Place::kText;
    if (byte) take_text(*byte);
  }

  Place place_ = Place::kText;
  MarkerScan begin_{{kBegin}};
  MarkerScan arguments_{{kArguments}};
  JsonExtent value_;
  bool is_begun_ = false;
  std::string before_;  // the marker and what follows it, content when no call comes
  std::string name_;
};

}  // namespace

std::unique_ptr<ToolCallParser> make_mistral_parser(const ToolCallContext& context) {
  return std::make_unique<MistralParser>(context);
}

}  // namespace sixfold::service
