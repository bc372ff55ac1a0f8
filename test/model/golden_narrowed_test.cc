// Every architecture with its weights in other formats, against the exact result of the same weights: widened to
// float32, which golden_arch_test.cc compares with the reference.
#include <gtest/gtest.h>

#include <limits>

#include "golden_files.h"
#include "golden_models.h"
#include "measurements.h"
#include "model_runner.h"
#include "narrowed_model.h"

namespace sixfold::test {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// Q8_0 and Q4_0 are multiplied with activations of 8 bits.  Inputs of BF16 weights are rounded to bf16 where the CPU
// multiplies pairs of them.
constexpr Tolerance kNarrowedPairs{.max_abs = 1, .nmse = 1e-3, .kl = 2e-2};
constexpr Tolerance kNarrowedEightBit{.max_abs = 3, .nmse = 1e-2, .kl = 0.5};
// One expert chosen otherwise moves single logits far.
constexpr Tolerance kMixture{.max_abs = kNoLimit, .nmse = 5e-2, .kl = kNoLimit};

Tolerance tolerance_of(DType dtype, bool has_experts) {
  if (dtype == DType::kF16) return kFixed;
  if (has_experts) return kMixture;
  return dtype == DType::kBF16 ? kNarrowedPairs : kNarrowedEightBit;
}

class GoldenNarrowed : public testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<Model> load(const NarrowedModel& narrowed, bool has_exact_weights) {
    auto loaded = model::load(narrowed.open(), shared_pool(),
                              {.rows_max = 128, .context = kGoldenContext, .has_exact_weights = has_exact_weights});
    EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
    return std::move(loaded).value();
  }

  static void compare(Model& exact, Model& model, DType dtype, const std::vector<GoldenPrompt>& prompts) {
    const std::string format(dtype_info(dtype).name);
    const std::size_t vocabulary = exact.description().vocabulary;
    const bool has_experts = exact.description().expert_share_a_row != 0;
    Agreement agreement;
    for (const GoldenPrompt& prompt : prompts) {
      SCOPED_TRACE(prompt.name + " " + format);
      const std::size_t steps = prompt.greedy.ids.size();
      Sequence reference(exact, KvDType::kF32, prompt.ids.size() + steps);
      Sequence sequence(model, KvDType::kF32, prompt.ids.size() + steps);
      const std::vector<float> want = reference.feed(prompt.ids);
      const std::vector<float> got = sequence.feed(prompt.ids);
      expect_close(want, got, vocabulary, tolerance_of(dtype, has_experts));
      agreement.add(difference(want, got, vocabulary));
      agreement.add(reference.continue_greedily(want, steps), sequence.continue_greedily(got, steps));
    }
    record("format", GetParam(), exact.description(), format, agreement);
  }
};

TEST_P(GoldenNarrowed, logits_stay_close_to_the_exact_ones) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto source = formats::open_checkpoint(folder + "/golden/arch/" + GetParam() + ".gguf");
  ASSERT_TRUE(source.is_ok());
  const std::vector<GoldenPrompt> prompts = read_prompts(folder + "/golden/arch", GetParam());
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kQ8_0, DType::kQ4_0}) {
    const NarrowedModel narrowed(*source, dtype);
    const auto exact = load(narrowed, true);
    const auto model = load(narrowed, false);
    ASSERT_TRUE(exact != nullptr && model != nullptr);
    compare(*exact, *model, dtype, prompts);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenNarrowed, testing::ValuesIn(kGoldenDecoders), name_of_model);

}  // namespace
}  // namespace sixfold::test
