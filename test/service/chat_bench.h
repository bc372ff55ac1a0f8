// What the tests of the dialects share: how bodies are judged, and a model that thinks and calls.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "service/bench.h"

namespace sixfold::service {

// What a parser made of a body; a refusal fails the test.
template <class T>
T accepted(Parsed<T> parsed) {
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<T>(std::move(parsed));
}

template <class T>
std::string field_at_fault(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "(accepted)" : refusal->field;
}

// A thought, words and a call of "f", as Hermes writes them.
inline constexpr std::string_view kThoughtAndCall =
    "<think>hm</think>I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>";

// Answers kThoughtAndCall, in pieces of five bytes, unless told otherwise.
struct ThinkingBench : Bench {
  ThinkingBench() {
    backend.description.tool_format = "hermes";
    backend.description.reasoning_format = "think";
    answer_with(kThoughtAndCall);
  }
  void answer_with(std::string_view text, engine::FinishReason finish = engine::FinishReason::kStop) {
    backend.script = [text = std::string(text), finish](FakeGeneration& generation) {
      for (std::size_t at = 0; at < text.size(); at += 5) generation.say(text.substr(at, 5));
      generation.finish(finish);
    };
  }
};

}  // namespace sixfold::service
