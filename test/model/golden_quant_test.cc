// Quantized weights against the exact result of the same weights; testdata/golden/README.md is the law.
#include <gtest/gtest.h>

#include <limits>

#include "golden_files.h"
#include "measurements.h"
#include "model_runner.h"

namespace sixfold::test {
namespace {

// Types of blocks are multiplied with activations of 8 bits.
constexpr Tolerance kEightBit{.max_abs = 3, .nmse = 1e-2, .kl = 0.5};

// Inputs of BF16 weights are rounded to bf16 where the CPU multiplies pairs of them.
constexpr Tolerance kPairs{.max_abs = 0.2, .nmse = 5e-4, .kl = 2e-3};

constexpr double kUnlimited = std::numeric_limits<double>::infinity();
// One expert chosen otherwise moves single logits far.
constexpr Tolerance kEightBitMixture{.max_abs = kUnlimited, .nmse = 5e-2, .kl = kUnlimited};

struct QuantCase {
  const char* file;
  const char* weights;  // ModelDescription::weights
  Tolerance tolerance;
};

class GoldenQuant : public testing::TestWithParam<QuantCase> {};

TEST_P(GoldenQuant, logits_stay_close_to_the_exact_ones) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const std::string file = GetParam().file;
  const auto model = load_file(folder + "/golden/quant/" + file + ".gguf");
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->description().weights, GetParam().weights);
  const std::size_t vocabulary = model->description().vocabulary;
  Agreement agreement;
  for (const GoldenPrompt& prompt : read_prompts(folder + "/golden/quant", file + ".exact")) {
    SCOPED_TRACE(prompt.name);
    Sequence whole(*model, KvDType::kF32, prompt.ids.size() + prompt.greedy.ids.size());
    const std::vector<float> logits = whole.feed(prompt.ids);
    const std::span<const float> got = std::span(logits).subspan(prompt.first_position * vocabulary);
    expect_close(prompt.logits, got, vocabulary, GetParam().tolerance);
    Sequence pieces(*model, KvDType::kF32, prompt.ids.size());
    EXPECT_EQ(pieces.feed_in_pieces(prompt.ids, 7), logits);
    const std::vector<TokenId> ids = whole.continue_greedily(logits, prompt.greedy.ids.size());
    expect_same_choices(prompt.greedy, ids, GetParam().tolerance.max_abs);
    agreement.add(difference(prompt.logits, got, vocabulary));
    agreement.add(prompt.greedy.ids, ids);
  }
  record("file", file.substr(0, file.find('.')), model->description(), file.substr(file.find('.') + 1), agreement);
}

INSTANTIATE_TEST_SUITE_P(
    Types, GoldenQuant,
    testing::Values(
        QuantCase{"llama_gqa_untied.F16", "F16", kFixed}, QuantCase{"llama_gqa_untied.BF16", "BF16", kPairs},
        QuantCase{"llama_plain.Q4_0", "Q4_0", kEightBit}, QuantCase{"llama_plain.Q4_1", "Q4_1", kEightBit},
        QuantCase{"llama_plain.Q5_0", "Q5_0", kEightBit}, QuantCase{"llama_plain.Q5_1", "Q5_1", kEightBit},
        QuantCase{"llama_plain.Q8_0", "Q8_0", kEightBit}, QuantCase{"llama_plain.Q2_K", "Q2_K", kEightBit},
        QuantCase{"llama_plain.Q3_K_S", "Q3_K", kEightBit}, QuantCase{"llama_plain.Q4_K_S", "Q4_K", kEightBit},
        QuantCase{"llama_plain.Q4_K_M", "Q4_K", kEightBit}, QuantCase{"llama_plain.Q5_K_M", "Q5_K", kEightBit},
        QuantCase{"llama_plain.Q6_K", "Q6_K", kEightBit}, QuantCase{"llama_plain.IQ4_NL", "IQ4_NL", kEightBit},
        QuantCase{"llama_plain.IQ4_XS", "IQ4_XS", kEightBit}, QuantCase{"llama_moe.moe_Q8_0", "Q8_0", kEightBitMixture},
        QuantCase{"llama_moe.moe_Q4_0", "Q4_0", kEightBitMixture}),
    [](const auto& tested) {
      std::string name = tested.param.file;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

}  // namespace
}  // namespace sixfold::test
