// The built-in model against the float64 results that its training scripts made beside it.
#include <gtest/gtest.h>

#include <filesystem>

#include "golden_files.h"
#include "model_runner.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::test {
namespace {

// The weights are Q8_0, so activations are rounded to 8 bits; the reference does not round them.
constexpr double kLogitError = 0.1;

class GoldenBuiltin : public testing::Test {
 protected:
  const std::string path_ = std::string(SIXFOLD_SOURCE_DIR) + "/models/sixfold-tiny.gguf";
  const std::string golden_ = std::string(SIXFOLD_SOURCE_DIR) + "/models/sixfold-tiny.golden.json";

  void SetUp() override {
    if (!std::filesystem::exists(path_) || !std::filesystem::exists(golden_)) {
      GTEST_SKIP() << "models/sixfold-tiny.gguf is not there yet";
    }
  }
};

TEST_F(GoldenBuiltin, greedy_text_matches) {
  const auto model = load_file(path_);
  ASSERT_NE(model, nullptr);
  const std::size_t vocabulary = model->description().vocabulary;
  const boost::json::value json = read_json(golden_);
  for (const boost::json::value& golden : json.at("generation").as_array()) {
    SCOPED_TRACE(golden.at("prompt").as_string().c_str());
    const std::vector<TokenId> ids = token_ids(golden.at("prompt_ids"));
    const GoldenGreedy greedy{token_ids(golden.at("greedy_ids")),
                              boost::json::value_to<std::vector<double>>(golden.at("greedy_margins"))};
    Sequence sequence(*model, KvDType::kF32, ids.size() + greedy.ids.size());
    const std::vector<float> logits = sequence.feed(ids);
    const std::size_t last = logits.size() - vocabulary;
    for (const boost::json::value& top : golden.at("top_logits").as_array()) {
      EXPECT_NEAR(logits[last + top.at("id").to_number<std::size_t>()], top.at("logit").to_number<double>(),
                  kLogitError);
    }
    expect_same_choices(greedy, sequence.continue_greedily(logits, greedy.ids.size()), kLogitError);
  }
}

TEST_F(GoldenBuiltin, tokenizer_matches) {
  const auto checkpoint = formats::open_checkpoint(path_);
  ASSERT_TRUE(checkpoint.is_ok()) << checkpoint.error().message;
  const auto tokenizer = tokenizer::make_tokenizer(model::read_vocabulary(*checkpoint).value());
  ASSERT_TRUE(tokenizer.is_ok()) << tokenizer.error().message;
  const boost::json::value json = read_json(golden_);
  for (const boost::json::value& golden : json.at("tokenizer").as_array()) {
    const std::string text = golden.at("text").as_string().c_str();
    EXPECT_EQ(tokenizer.value()->encode(text, {.adds_special = false}).value(), token_ids(golden.at("ids"))) << text;
  }
}

}  // namespace
}  // namespace sixfold::test
