// DeepSeek's calls: within <｜tool▁calls▁begin｜> ... <｜tool▁calls▁end｜>, each
//   <｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME, a new line, ```json, the arguments, ```, <｜tool▁call▁end｜> (R1,
//   V3) <｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{...}<｜tool▁call▁end｜>                                        (V3.1)
// Source: the chat templates of DeepSeek-R1, its distilled models and DeepSeek-V3.1.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "service/chat/marker_scan.h"
#include "service/chat/tool_call_parser.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kAllBegin = "<｜tool▁calls▁begin｜>";
constexpr std::string_view kAllEnd = "<｜tool▁calls▁end｜>";
constexpr std::string_view kBegin = "<｜tool▁call▁begin｜>";
constexpr std::string_view kSeparator = "<｜tool▁sep｜>";
constexpr std::string_view kEnd = "<｜tool▁call▁end｜>";
constexpr std::size_t kHeadBytesMax = 4096;

class DeepSeekParser final : public ToolCallParser {
 public:
  explicit DeepSeekParser(const ToolCallContext& context) : context_(context) {}

  void take(char byte) override {
    switch (place_) {
      case Place::kText:
        return take_text(byte);
      case Place::kHead:
        return take_head(byte);
      case Place::kArguments:
        return take_arguments(byte);
    }
  }

  void finish() override {
    if (place_ == Place::kArguments) context_.out.end_call();
    std::string text = std::exchange(head_, {});
    scan_.finish(text);
    context_.out.content(text);
  }

 private:
  enum class Place { kText, kHead, kArguments };

  // The outer markers, the end marker and a code fence after a call say nothing.
  void take_text(char byte) {
    std::string text;
    const std::string_view marker = scan_.take(byte, text);
    for (const char other : text) {
      if (is_after_call_ && (other == '`' || is_output_space(other))) continue;
      is_after_call_ = false;
      context_.out.content({&other, 1});
    }
    if (marker == kBegin) {
      head_ = marker;
      place_ = Place::kHead;
    }
  }

  // Up to the brace that opens the arguments.
  void take_head(char byte) {
    if (byte != '{') {
      head_ += byte;
      if (head_.size() > kHeadBytesMax) give_up();
      return;
    }
    const std::string name = name_of_head();
    if (std::find(context_.names.begin(), context_.names.end(), name) == context_.names.end()) {
      head_ += byte;
      return give_up();
    }
    head_.clear();
    context_.out.begin_call(name);
    value_ = {};
    place_ = Place::kArguments;
    take_arguments(byte);
  }

  // "function" SEPARATOR name and a line, or name SEPARATOR.
  std::string name_of_head() const {
    const std::string_view head = std::string_view(head_).substr(kBegin.size());
    const std::size_t separator = head.find(kSeparator);
    if (separator == std::string_view::npos) return {};
    std::string_view name = head.substr(separator + kSeparator.size());
    name = name.substr(0, name.find('\n'));
    if (name.find_first_not_of(" \t\r") == std::string_view::npos) name = head.substr(0, separator);
    while (!name.empty() && is_output_space(name.back())) name.remove_suffix(1);
    while (!name.empty() && is_output_space(name.front())) name.remove_prefix(1);
    return std::string(name);
  }

  void take_arguments(char byte) {
    const JsonExtent::State state = value_.take(byte);
    if (state != JsonExtent::State::kBroken) context_.out.arguments({&byte, 1});
    if (state == JsonExtent::State::kOpen) return;
    context_.out.end_call();
    place_ = Place::kText;
    is_after_call_ = true;
    if (state == JsonExtent::State::kBroken) take_text(byte);
  }

  void give_up() {
    context_.out.content(std::exchange(head_, {}));
    place_ = Place::kText;
  }

  const ToolCallContext context_;
  Place place_ = Place::kText;
  MarkerScan scan_{{kAllBegin, kAllEnd, kBegin, kEnd}};
  JsonExtent value_;
  bool is_after_call_ = false;
  std::string head_;
};

}  // namespace

std::unique_ptr<ToolCallParser> make_deepseek_parser(const ToolCallContext& context) {
  return std::make_unique<DeepSeekParser>(context);
}

}  // namespace sixfold::service
