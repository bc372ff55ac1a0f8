// Prints an answer as it is made.
#pragma once
#include <memory>
#include <string>

#include "core/result.h"
#include "service/backend.h"

namespace sixfold::cli {

struct Answer {
  std::string text;
  engine::FinishReason finish = engine::FinishReason::kNone;
  engine::RequestUsage usage;
};

// Writes the text to stdout while it comes; Ctrl-C (an InterruptFlag must live) cancels the answer.
// Errors: what the engine reports in mid-answer.
Result<Answer> write_answer(service::Generation& generation);

// "prompt 12 tokens, 800.0 tokens/s; answer 64 tokens, 90.0 tokens/s" on stderr.
void print_usage(const Answer& answer);

}  // namespace sixfold::cli
