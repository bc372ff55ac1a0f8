// A small trained model: greedy text and perplexity; testdata/golden/README.md, section "real".
#include <gtest/gtest.h>

#include "golden_files.h"
#include "measurements.h"
#include "model/evaluate.h"
#include "model_runner.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::test {
namespace {

struct RealCase {
  const char* variant;
  double logit_error;       // largest that the variant's arithmetic may cause; 0: the text must be the same
  double perplexity_error;  // relative
};

class GoldenReal : public testing::TestWithParam<RealCase> {
 protected:
  std::unique_ptr<tokenizer::Tokenizer> make_tokenizer(const std::string& path) {
    const auto checkpoint = formats::open_checkpoint(path);
    EXPECT_TRUE(checkpoint.is_ok());
    auto vocabulary = model::read_vocabulary(*checkpoint);
    EXPECT_TRUE(vocabulary.is_ok()) << vocabulary.error().message;
    auto made = tokenizer::make_tokenizer(std::move(vocabulary).value());
    EXPECT_TRUE(made.is_ok()) << made.error().message;
    return std::move(made).value();
  }
};

TEST_P(GoldenReal, greedy_text_matches) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const boost::json::value json = read_json(folder + "/golden/real/real.json").at("stories260K");
  const boost::json::value& variant = json.at("variants").at(GetParam().variant);
  const std::string path = folder + "/golden/real/" + variant.at("file").as_string().c_str();
  const auto model = load_file(path);
  ASSERT_NE(model, nullptr);
  const auto tokenizer = make_tokenizer(path);
  for (const auto& [name, prompt] : json.at("prompts").as_object()) {
    SCOPED_TRACE(std::string(name));
    const std::vector<TokenId> ids = token_ids(prompt.at("ids"));
    EXPECT_EQ(tokenizer->encode(prompt.at("text").as_string().c_str(), {}).value(), ids);
    const GoldenGreedy greedy = GoldenGreedy::of(variant.at("exact").at(name));
    Sequence sequence(*model, KvDType::kF32, ids.size() + greedy.ids.size());
    const std::vector<TokenId> got = sequence.continue_greedily(sequence.feed(ids), greedy.ids.size());
    expect_same_choices(greedy, got, GetParam().logit_error);
  }
}

TEST_P(GoldenReal, perplexity_matches) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const boost::json::value json = read_json(folder + "/golden/real/real.json").at("stories260K");
  const boost::json::value& variant = json.at("variants").at(GetParam().variant);
  const std::string path = folder + "/golden/real/" + variant.at("file").as_string().c_str();
  const auto model = load_file(path);
  ASSERT_NE(model, nullptr);
  const auto tokenizer = make_tokenizer(path);
  const boost::json::value& perplexity = variant.at("perplexity");
  const std::string text = read_file(folder + "/golden/real/" + perplexity.at("text").as_string().c_str());
  const std::vector<TokenId> ids = tokenizer->encode(text, {}).value();

  const boost::json::value* want = perplexity.as_object().if_contains("exact_dequantized");
  if (want == nullptr) want = &perplexity.at("native");
  const auto running = boost::json::value_to<std::vector<double>>(want->at("running_per_chunk"));
  model::PerplexityOptions options;
  options.context = perplexity.at("n_ctx").to_number<std::size_t>();
  options.chunks_max = perplexity.at("chunks").to_number<std::size_t>();
  options.bos = tokenizer->bos();
  options.progress = [&](const model::Perplexity& so_far, std::size_t chunks) {
    EXPECT_EQ(chunks, running.size());
    const double expected = running.at(so_far.chunks - 1);
    // The reference has four decimals.
    EXPECT_NEAR(so_far.value, expected, 6e-5 + expected * GetParam().perplexity_error) << so_far.chunks << " chunks";
    return true;
  };
  const auto measured = model::measure_perplexity(*model, ids, options);
  ASSERT_TRUE(measured.is_ok()) << measured.error().message;
  EXPECT_EQ(measured->chunks, running.size());
  EXPECT_EQ(measured->tokens_scored, measured->chunks * (options.context / 2 - 1));
  record({{"table", "perplexity"},
          {"model", "stories260K"},
          {"architecture", model->description().architecture},
          {"format", GetParam().variant},
          {"perplexity", measured->value},
          {"reference", running.back()}});
  EXPECT_NEAR(measured->standard_error, want->at("stderr").to_number<double>(), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Stories260K, GoldenReal,
                         testing::Values(RealCase{"F32", 0, 2e-4}, RealCase{"F16", 0, 1e-3},
                                         RealCase{"Q8_0", 0.5, 1e-2}, RealCase{"Q4_0", 0.5, 1e-2}),
                         [](const auto& tested) { return std::string(tested.param.variant); });

// The same weights, computed in float64 by an independent program.
TEST(GoldenRealFloat64, stories_match_an_independent_program) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const boost::json::value json = read_json(folder + "/real/golden/stories260K.json").at("stories260K");
  const auto model = load_file(folder + "/golden/real/stories260K.F32.gguf");
  ASSERT_NE(model, nullptr);
  const std::vector<TokenId> ids = token_ids(json.at("prompt_ids"));
  const std::vector<TokenId> want = token_ids(json.at("greedy_ids"));
  Sequence sequence(*model, KvDType::kF32, ids.size() + want.size());
  const std::vector<float> logits = sequence.feed(ids);
  const std::size_t last = logits.size() - model->description().vocabulary;
  for (const boost::json::value& pair : json.at("top8_logits_after_prompt").as_array()) {
    EXPECT_NEAR(logits[last + pair.at(0).to_number<std::size_t>()], pair.at(1).to_number<double>(), 1e-4);
  }
  EXPECT_EQ(sequence.continue_greedily(logits, want.size()), want);
}

}  // namespace
}  // namespace sixfold::test
