// Classification heads against the same arithmetic in double, pairs of texts, and files that are damaged.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "encoder_runner.h"
#include "model/pooling.h"
#include "tiny_encoder.h"

namespace sixfold::test {
namespace {

using model::EncoderOutput;
using model::EncoderText;

const std::vector<TokenId> kText = {2, 7, 19, 4, 30, 3};

std::string error_of(formats::Checkpoint checkpoint) {
  auto loaded = model::load_encoder(std::move(checkpoint), shared_pool(), {});
  return loaded.is_ok() ? "" : loaded.error().message;
}

// scores = W_out tanh(W first + b) + b_out, of the first token's vector.
std::vector<double> expected_scores(const TinyEncoder& tiny, std::span<const float> first) {
  const std::size_t width = tiny.width;
  std::vector<double> dense(first.begin(), first.end());
  if (!tiny.values("cls.weight").empty()) {
    for (std::size_t r = 0; r < width; ++r) {
      double sum = static_cast<double>(tiny.values("cls.bias")[r]);
      for (std::size_t c = 0; c < width; ++c) {
        sum += static_cast<double>(tiny.values("cls.weight")[r * width + c]) * static_cast<double>(first[c]);
      }
      dense[r] = std::tanh(sum);
    }
  }
  std::vector<double> scores;
  for (std::size_t k = 0; k < tiny.values("cls.output.bias").size(); ++k) {
    double sum = static_cast<double>(tiny.values("cls.output.bias")[k]);
    for (std::size_t c = 0; c < width; ++c) {
      sum += static_cast<double>(tiny.values("cls.output.weight")[k * width + c]) * dense[c];
    }
    scores.push_back(sum);
  }
  return scores;
}

void expect_scores(const TinyEncoder& tiny, model::Encoder& encoder) {
  const std::vector<float> first = encode_one(encoder, kText, EncoderOutput::kFirst);
  const std::vector<double> want = expected_scores(tiny, first);
  const std::vector<float> got = encode_one(encoder, kText, EncoderOutput::kScores);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(static_cast<double>(got[i]), want[i], 1e-5);
}

TEST(EncoderHead, scores_classes_through_a_dense_layer) {
  TinyEncoder tiny;
  tiny.add_head(3, true);
  tiny.set("bert.classifier.output_labels", std::vector<std::string>{"good", "bad", "none"});
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  EXPECT_EQ(encoder->description().output, EncoderOutput::kScores);
  EXPECT_EQ(encoder->description().classes, (std::vector<std::string>{"good", "bad", "none"}));
  expect_scores(tiny, *encoder);
}

TEST(EncoderHead, scores_without_a_dense_layer_and_names) {
  TinyEncoder tiny;
  tiny.add_head(1, false);
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  EXPECT_EQ(encoder->description().classes, (std::vector<std::string>{"0"}));
  expect_scores(tiny, *encoder);
}

TEST(EncoderHead, a_score_does_not_depend_on_the_other_texts) {
  TinyEncoder tiny;
  tiny.add_head(2, true);
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  const std::vector<float> alone = encode_one(*encoder, kText, EncoderOutput::kScores);
  const std::vector<float> among = encode_all(*encoder, {{1, 2, 3}, kText, {9}}, EncoderOutput::kScores);
  EXPECT_EQ(std::vector<float>(among.begin() + 2, among.begin() + 4), alone);
}

TEST(EncoderPairs, the_second_text_gets_the_other_token_type) {
  TinyEncoder tiny;
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  const EncoderText pair{.tokens = kText, .second_begin = 3};
  const std::vector<float> as_pair = encode(*encoder, {&pair, 1}, EncoderOutput::kMean);
  EXPECT_NE(as_pair, encode_one(*encoder, kText, EncoderOutput::kMean));
  // With both types alike there is nothing to tell apart.
  TinyEncoder alike;
  const auto types = alike.values("token_types.weight");
  std::vector<float> doubled(types.begin(), types.begin() + static_cast<std::ptrdiff_t>(alike.width));
  std::copy_n(types.begin(), alike.width, std::back_inserter(doubled));
  alike.add_tensor("token_types.weight", {2, alike.width}, doubled);
  const auto same = encoder_of(alike.open());
  ASSERT_NE(same, nullptr);
  EXPECT_EQ(encode(*same, {&pair, 1}, EncoderOutput::kMean), encode_one(*same, kText, EncoderOutput::kMean));
}

TEST(EncoderCall, refuses_what_it_cannot_compute) {
  TinyEncoder tiny;
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  std::vector<float> out(encoder->description().model.width);
  const auto error_for = [&](std::vector<TokenId> tokens, EncoderOutput output) {
    const EncoderText text{.tokens = tokens};
    const Status status = encoder->encode({&text, 1}, output, out);
    return status.is_ok() ? "" : status.error().message;
  };
  EXPECT_EQ(error_for({}, EncoderOutput::kMean), "text 0: 0 tokens, want 1 to 64");
  EXPECT_EQ(error_for(std::vector<TokenId>(65, 1), EncoderOutput::kMean), "text 0: 65 tokens, want 1 to 64");
  EXPECT_EQ(error_for({1, 40}, EncoderOutput::kMean), "text 0: token 1 is 40, want 0 to 39");
  EXPECT_EQ(error_for({-1}, EncoderOutput::kMean), "text 0: token 0 is -1, want 0 to 39");
  EXPECT_EQ(error_for({1}, EncoderOutput::kScores), "scores: the model has no classification head");
  EXPECT_EQ(error_for({1, 2}, EncoderOutput::kTokens), "out: 16 numbers, want 32");
  EXPECT_EQ(error_for({1}, EncoderOutput::kMean), "");
}

TEST(EncoderLoad, names_what_is_wrong_with_the_file) {
  TinyEncoder missing;
  missing.erase_tensor("blk.1.ffn_up.weight");
  EXPECT_EQ(error_of(missing.open()), "tiny.gguf: tensor blk.1.ffn_up.weight: missing");
  TinyEncoder shape;
  shape.add_tensor("position_embd.weight", {63, shape.width}, {});
  EXPECT_NE(error_of(shape.open()).find("position_embd.weight: shape [63, 16], want [64, 16]"), std::string::npos);
  TinyEncoder extra;
  extra.add_tensor("blk.0.attn_q_norm.weight", {extra.width}, {});
  EXPECT_NE(error_of(extra.open()).find("not a part of this architecture"), std::string::npos);
  TinyEncoder pooling;
  pooling.set("bert.pooling_type", std::uint64_t{5});
  EXPECT_EQ(error_of(pooling.open()), "tiny.gguf: bert.pooling_type: 5, want 0 to 4");
  TinyEncoder causal;
  causal.set("bert.attention.causal", true);
  EXPECT_NE(error_of(causal.open()).find("attention.causal"), std::string::npos);
  TinyEncoder width;
  width.add_tensor("cls.output.weight", {2, width.width + 1}, {});
  EXPECT_NE(error_of(width.open()).find("cls.output.weight: shape"), std::string::npos);
}

TEST(Pooling, normalize_keeps_zeros) {
  std::vector<float> vector = {3, 4};
  model::normalize(vector);
  EXPECT_EQ(vector, (std::vector<float>{0.6F, 0.8F}));
  std::vector<float> zeros = {0, 0};
  model::normalize(zeros);
  EXPECT_EQ(zeros, (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace sixfold::test
