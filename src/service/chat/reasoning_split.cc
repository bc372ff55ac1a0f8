// Only the beginning of an answer can open the reasoning: later, the markers are words like others.
#include "service/chat/reasoning_split.h"

#include <array>
#include <utility>

namespace sixfold::service {
namespace {

// Sources: the chat templates of DeepSeek-R1, Qwen3 and their relatives; of Magistral.
constexpr std::array<ReasoningFormat, 2> kFormats = {{
    {"think", "<think>", "</think>"},
    {"magistral", "[THINK]", "[/THINK]"},
}};

std::vector<std::string_view> ends_of(const ReasoningFormat& format, std::vector<std::string_view> calls) {
  calls.push_back(format.end);
  return calls;
}

}  // namespace

const ReasoningFormat* choose_reasoning_format(std::string_view template_source) {
  for (const ReasoningFormat& format : kFormats) {
    if (template_source.find(format.end) != std::string_view::npos) return &format;
  }
  return nullptr;
}

const ReasoningFormat* find_reasoning_format(std::string_view name) {
  for (const ReasoningFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

ReasoningSplit::ReasoningSplit(const ReasoningFormat& format, PieceWriter& out, bool is_open,
                               const std::vector<std::string_view>& calls)
    : format_(format), out_(out), place_(is_open ? Place::kReasoning : Place::kStart), end_(ends_of(format, calls)) {}

void ReasoningSplit::take(char byte, std::string& answer) {
  switch (place_) {
    case Place::kStart: {
      start_ += byte;
      const std::size_t begin = start_.find_first_not_of(" \t\n\v\f\r");
      if (begin == std::string::npos) return;
      const std::string_view text = std::string_view(start_).substr(begin);
      if (text == format_.begin) {
        start_.clear();
        place_ = Place::kReasoning;
      } else if (!format_.begin.starts_with(text)) {
        answer += std::exchange(start_, {});
        place_ = Place::kAnswer;
      }
      return;
    }
    case Place::kReasoning: {
      std::string text;
      const std::string_view marker = end_.take(byte, text);
      out_.reasoning(text);
      if (marker.empty()) return;
      out_.end_reasoning();
      place_ = Place::kAnswer;
      if (marker != format_.end) answer += marker;
      return;
    }
    case Place::kAnswer:
      answer += byte;
      return;
  }
}

void ReasoningSplit::finish(std::string& answer) {
  if (place_ == Place::kReasoning) {
    std::string text;
    end_.finish(text);
    out_.reasoning(text);
    out_.end_reasoning();
  }
  answer += std::exchange(start_, {});
}

}  // namespace sixfold::service
