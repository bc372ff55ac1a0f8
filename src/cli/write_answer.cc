// Streams one generation to the terminal.
#include "cli/write_answer.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/interrupt.h"
#include "cli/terminal.h"

namespace sixfold::cli {

Result<Answer> write_answer(service::Generation& generation) {
  Answer answer;
  while (auto event = generation.next()) {
    if (event->error) return *std::move(event->error);
    answer.text += event->text;
    if (event->finish != engine::FinishReason::kNone) answer.finish = event->finish;
    std::fwrite(event->text.data(), 1, event->text.size(), stdout);
    std::fflush(stdout);
    if (InterruptFlag::is_set() || std::ferror(stdout) != 0) generation.cancel();
  }
  answer.usage = generation.usage();
  return answer;
}

void print_usage(const Answer& answer) {
  const engine::RequestUsage& usage = answer.usage;
  const auto rate = [](std::uint64_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  // The first token comes out of the prompt's own computation; the decode time belongs to the others.
  const std::uint64_t decoded = usage.generated_tokens > 0 ? usage.generated_tokens - 1 : 0;
  const Style style = stderr_style();
  fmt::print(stderr, "{}prompt {} tokens, {:.1f} tokens/s; answer {} tokens, {:.1f} tokens/s{}{}\n", style.dim,
             usage.prompt_tokens, rate(usage.prompt_tokens - usage.cached_tokens, usage.prefill_seconds),
             usage.generated_tokens, rate(decoded, usage.decode_seconds),
             answer.finish == engine::FinishReason::kLength      ? "; stopped at the token limit"
             : answer.finish == engine::FinishReason::kCancelled ? "; stopped by you"
                                                                 : "",
             style.reset);
}

}  // namespace sixfold::cli
