// Hugging Face folders, made from the reference models, give the reference's logits: names, settings and forms of
// tensors are all told right.
#include <gtest/gtest.h>

#include "formats/model_folder.h"
#include "golden_agreement.h"
#include "golden_files.h"
#include "huggingface_cases.h"
#include "measurements.h"
#include "model_runner.h"

namespace sixfold::test {
namespace {

using formats::ModelFolder;

// Inputs of BF16 weights are rounded to bf16 where the CPU multiplies pairs of them.
constexpr Tolerance kFilePairs{.max_abs = 0.2, .nmse = 5e-4, .kl = 2e-3};

constexpr std::size_t kContext = 256;  // that of the reference

std::size_t head_dim_of(const formats::Checkpoint& gguf) {
  const std::string prefix = std::string(gguf.string("general.architecture").value()) + ".";
  const auto length = gguf.unsigned_integer(prefix + "attention.key_length");
  if (length.is_ok()) return *length;
  return gguf.unsigned_integer(prefix + "embedding_length").value() /
         gguf.unsigned_integer(prefix + "attention.head_count").value();
}

// Of the model at a path.
void expect_golden_logits(const std::string& model_path, const std::vector<GoldenPrompt>& prompts,
                          const Tolerance& tolerance, Agreement& agreement) {
  const auto model = load_file(model_path, 128, kContext);
  ASSERT_NE(model, nullptr);
  agreement = expect_golden(*model, prompts, tolerance);
}

class GoldenHuggingFace : public testing::TestWithParam<HuggingFaceCase> {};

TEST_P(GoldenHuggingFace, a_folder_gives_the_logits_of_the_reference) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const HuggingFaceCase& test = GetParam();
  const auto gguf = formats::open_checkpoint(folder + "/golden/arch/" + test.golden + ".gguf");
  ASSERT_TRUE(gguf.is_ok()) << gguf.error().message;
  const TensorList tensors = to_huggingface(*gguf, test, head_dim_of(*gguf));
  const std::vector<GoldenPrompt> prompts = read_prompts(folder + "/golden/arch", test.golden);
  ModelFolder made;
  made.write("config.json", test.config);
  made.write_tensors("model.safetensors", tensors.views());
  Agreement agreement;
  expect_golden_logits(made.path(), prompts, kFloat, agreement);
  made.remove("model.safetensors");
  made.write_shards(tensors.views(), 3);
  Agreement of_shards;
  expect_golden_logits(made.path("model.safetensors.index.json"), prompts, kFloat, of_shards);
  record("folder", test.golden, load_file(made.path())->description(), "F32", agreement);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenHuggingFace, testing::ValuesIn(huggingface_cases()),
                         [](const auto& tested) { return std::string(tested.param.golden); });

TEST(GoldenHuggingFace, bf16_weights_are_run_as_they_are) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto cases = huggingface_cases();
  const auto test = std::find_if(cases.begin(), cases.end(),
                                 [](const auto& c) { return c.golden == std::string("llama_gqa_untied"); });
  const std::string file = "llama_gqa_untied.BF16";
  const auto gguf = formats::open_checkpoint(folder + "/golden/quant/" + file + ".gguf");
  ASSERT_TRUE(gguf.is_ok()) << gguf.error().message;
  ModelFolder made;
  made.write("config.json", test->config);
  made.write_tensors("model.safetensors", to_huggingface(*gguf, *test, head_dim_of(*gguf)).views());
  EXPECT_EQ(load_file(made.path())->description().weights, "BF16");
  Agreement agreement;
  expect_golden_logits(made.path(), read_prompts(folder + "/golden/quant", file + ".exact"), kFilePairs, agreement);
}

// A trained GPT-2 as its author published it.  The reference was computed in float64 by another program.
TEST(GoldenHuggingFace, a_published_gpt2_gives_its_logits_and_text) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto model = load_file(folder + "/real/gpt2-capp");
  ASSERT_NE(model, nullptr);
  const boost::json::value cases = read_json(folder + "/real/golden/gpt2_capp_greedy.json");
  ASSERT_GT(cases.as_array().size(), 0u);
  Agreement agreement;
  for (const boost::json::value& entry : cases.as_array()) {
    const std::vector<TokenId> prompt = token_ids(entry.at("prompt_ids"));
    const std::vector<TokenId> greedy = token_ids(entry.at("greedy_ids"));
    Sequence sequence(*model, KvDType::kF32, prompt.size() + greedy.size());
    std::vector<float> logits = sequence.feed(prompt);
    const std::size_t last = logits.size() - model->description().vocabulary;
    for (const boost::json::value& row : entry.at("top6_logits_after_prompt").as_array()) {
      const auto token = row.at(0).to_number<std::size_t>();
      const double want = row.at(1).to_number<double>();
      EXPECT_NEAR(logits[last + token], want, 5e-5) << token;
      agreement.add({.max_abs = std::abs(logits[last + token] - want)});
    }
    const std::vector<TokenId> ids = sequence.continue_greedily(std::move(logits), greedy.size());
    EXPECT_EQ(ids, greedy);
    agreement.add(greedy, ids);
  }
  record("trained", "GPT-2 CAPP", model->description(), "folder, F32", agreement);
}

}  // namespace
}  // namespace sixfold::test
