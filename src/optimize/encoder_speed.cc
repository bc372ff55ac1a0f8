// Batches of texts as tasks to be timed.
#include "optimize/encoder_speed.h"

#include <algorithm>
#include <memory>

#include "core/error.h"

namespace sixfold::optimize {
namespace {

// A batch of texts and room for its output.
struct Batch {
  Batch(const model::EncoderDescription& description, std::size_t texts_of, std::size_t tokens_of)
      : output(description.output), tokens(texts_of * tokens_of) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::size_t mixed = (i + 1) * 2654435761u;
      tokens[i] = static_cast<model::TokenId>((mixed >> 7) % description.model.vocabulary);
    }
    for (std::size_t i = 0; i < texts_of; ++i) {
      texts.push_back({.tokens = std::span(tokens).subspan(i * tokens_of, tokens_of)});
    }
    out.resize(texts_of * model::output_size(description, output, tokens_of));
  }

  model::EncoderOutput output;
  std::vector<model::TokenId> tokens;
  std::vector<model::EncoderText> texts;
  std::vector<float> out;
};

Status check(const model::Encoder& encoder, const EncoderSpeedOptions& options) {
  const bool has_zero = std::find(options.batches.begin(), options.batches.end(), 0) != options.batches.end();
  if (options.batches.empty() || has_zero || options.tokens == 0 || options.repeat == 0) {
    return invalid_argument("bench: want at least one batch, and batches, tokens and repeat of at least 1");
  }
  const std::size_t context = encoder.description().model.context_max;
  if (options.tokens > context) {
    return invalid_argument("bench: {} tokens: the model's context is {}", options.tokens, context);
  }
  return ok();
}

SpeedTask task_of(model::Encoder& encoder, std::size_t texts, std::size_t tokens) {
  SpeedRow row{.kind = SpeedKind::kEncode, .sequences = texts, .tokens = tokens};
  row.work = matrix_work(encoder.description().model, texts * tokens, 0);
  const auto batch = std::make_shared<Batch>(encoder.description(), texts, tokens);
  return {.row = row, .run = [&encoder, batch](Stopwatch&, bool) {
            return encoder.encode(batch->texts, batch->output, batch->out);
          }};
}

}  // namespace

Result<SpeedReport> measure_encoder_speed(model::Encoder& encoder, const EncoderSpeedOptions& options,
                                          const SpeedClocks& clocks) {
  SIXFOLD_TRY_STATUS(check(encoder, options));
  std::vector<SpeedTask> tasks;
  for (const std::size_t batch : options.batches) tasks.push_back(task_of(encoder, batch, options.tokens));
  return time_in_turns(tasks, options.repeat, clocks);
}

}  // namespace sixfold::optimize
