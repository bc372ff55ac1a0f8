// Logits and greedy text of every architecture against the reference; testdata/golden/README.md is the law.
#include <gtest/gtest.h>

#include "golden_agreement.h"
#include "golden_files.h"
#include "golden_models.h"
#include "kernels/isa.h"
#include "measurements.h"
#include "model_runner.h"

namespace sixfold::test {
namespace {

constexpr Tolerance kHalfCache{.max_abs = 1.5e-1, .nmse = 3e-4, .kl = 1e-3};
constexpr std::size_t kPositions = 70 + 32;

// A run for one more instruction set has nothing to say where this CPU cannot run it, or where it is the best one, with
// which every test runs anyway.
class OneMoreIsa : public testing::Environment {
  void SetUp() override {
    const char* isa = std::getenv("SIXFOLD_ONE_MORE_ISA");
    if (isa == nullptr) return;
    const std::vector<std::string_view> usable = kernels::usable_isas();
    if (std::find(usable.begin(), usable.end(), isa) == usable.end()) GTEST_SKIP() << "not usable here: " << isa;
    if (usable.front() == isa) GTEST_SKIP() << "every test runs with " << isa;
  }
};
const testing::Environment* const one_more_isa = testing::AddGlobalTestEnvironment(new OneMoreIsa);

TEST(GoldenIsa, is_the_one_asked_for) {
  const char* wanted = std::getenv("SIXFOLD_ISA");
  if (wanted == nullptr) GTEST_SKIP() << "SIXFOLD_ISA is not set";
  const std::vector<std::string_view> usable = kernels::usable_isas();
  if (std::find(usable.begin(), usable.end(), wanted) == usable.end()) GTEST_SKIP() << "not usable here: " << wanted;
  EXPECT_EQ(kernels::active_isa(), wanted);
}

class GoldenArchitecture : public testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<Model> load(const std::string& folder) {
    return load_file(folder + "/golden/arch/" + GetParam() + ".gguf", 128, kGoldenContext);
  }
};

TEST_P(GoldenArchitecture, logits_and_greedy_text_match_in_float) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto model = load(folder);
  ASSERT_NE(model, nullptr);
  const Agreement agreement = expect_golden(*model, read_prompts(folder + "/golden/arch", GetParam()), kFloat);
  record("architecture", GetParam(), model->description(), "F32", agreement);
}

TEST_P(GoldenArchitecture, a_prompt_in_pieces_gives_the_same_bits) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto model = load(folder);
  ASSERT_NE(model, nullptr);
  for (const GoldenPrompt& prompt : read_prompts(folder + "/golden/arch", GetParam())) {
    for (const KvDType dtype : {KvDType::kF32, KvDType::kF16, KvDType::kBF16, KvDType::kI16}) {
      expect_same_bits_in_pieces(*model, prompt, dtype);
    }
  }
}

TEST_P(GoldenArchitecture, half_precision_cache_stays_close) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto model = load(folder);
  ASSERT_NE(model, nullptr);
  const std::size_t vocabulary = model->description().vocabulary;
  for (const GoldenPrompt& prompt : read_prompts(folder + "/golden/arch", GetParam())) {
    for (const KvDType dtype : {KvDType::kF16, KvDType::kI16}) {
      SCOPED_TRACE(prompt.name);
      Sequence sequence(*model, dtype, kPositions);
      const std::vector<float> logits = sequence.feed(prompt.ids);
      expect_close(prompt.logits, std::span(logits).subspan(prompt.first_position * vocabulary), vocabulary,
                   kHalfCache);
      expect_same_choices(prompt.greedy, sequence.continue_greedily(logits, prompt.greedy.ids.size()),
                          kHalfCache.max_abs);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenArchitecture, testing::ValuesIn(kGoldenDecoders), name_of_model);

}  // namespace
}  // namespace sixfold::test
