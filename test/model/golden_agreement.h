// A model on the prompts of a reference: logits and greedy text, as close as the tolerance wants.
#pragma once
#include <span>
#include <vector>

#include "golden_files.h"
#include "measurements.h"
#include "model_runner.h"

namespace sixfold::test {

// Every position that the reference has.  The cache is float32.
inline Agreement expect_golden(Model& model, const std::vector<GoldenPrompt>& prompts, const Tolerance& tolerance) {
  const std::size_t vocabulary = model.description().vocabulary;
  Agreement agreement;
  for (const GoldenPrompt& prompt : prompts) {
    SCOPED_TRACE(prompt.name);
    Sequence sequence(model, KvDType::kF32, prompt.ids.size() + prompt.greedy.ids.size());
    const std::vector<float> logits = sequence.feed(prompt.ids);
    const std::span<const float> got = std::span(logits).subspan(prompt.first_position * vocabulary);
    expect_close(prompt.logits, got, vocabulary, tolerance);
    const std::vector<TokenId> ids = sequence.continue_greedily(logits, prompt.greedy.ids.size());
    expect_same_choices(prompt.greedy, ids, tolerance.max_abs);
    agreement.add(difference(prompt.logits, got, vocabulary));
    agreement.add(prompt.greedy.ids, ids);
  }
  return agreement;
}

// The bits of a prompt fed whole are those of the same in pieces.
inline void expect_same_bits_in_pieces(Model& model, const GoldenPrompt& prompt, KvDType dtype) {
  SCOPED_TRACE(prompt.name);
  const std::size_t positions = prompt.ids.size();
  const std::vector<float> whole = Sequence(model, dtype, positions).feed(prompt.ids);
  EXPECT_EQ(Sequence(model, dtype, positions).feed_in_pieces(prompt.ids, 1), whole);
  EXPECT_EQ(Sequence(model, dtype, positions).feed_in_pieces(prompt.ids, 8), whole);
}

}  // namespace sixfold::test
