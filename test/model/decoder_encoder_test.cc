// A decoder as an encoder: its states are those that the logits are made of, however the texts are fed.
#include <gtest/gtest.h>

#include "encoder_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

using model::EncoderOutput;

TinyModel embedding_decoder() {
  TinyModel tiny;
  tiny.set(tiny.key("pooling_type"), std::uint64_t{3});
  return tiny;
}

TEST(DecoderEncoder, its_states_give_the_logits) {
  TinyModel tiny = embedding_decoder();
  const auto encoder = encoder_of(tiny.open());
  ASSERT_NE(encoder, nullptr);
  EXPECT_EQ(encoder->description().output, EncoderOutput::kLast);
  const std::vector<TokenId> text = {1, 9, 4, 30};
  const std::vector<float> state = encode_one(*encoder, text, EncoderOutput::kLast);
  auto model = model::load(tiny.open(), shared_pool(), {});
  ASSERT_TRUE(model.is_ok());
  const std::vector<float> logits = Sequence(**model, KvDType::kI16, 32).feed(text);
  const std::span<const float> output = tiny.values("output.weight");
  const std::size_t width = state.size();
  for (std::size_t row = 0; row < tiny.shape().vocabulary; ++row) {
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) {
      sum += static_cast<double>(output[row * width + c]) * static_cast<double>(state[c]);
    }
    const float logit = logits[(text.size() - 1) * tiny.shape().vocabulary + row];
    EXPECT_NEAR(sum, static_cast<double>(logit), 1e-4);
  }
}

// The model takes 32 rows at once: texts are longer, and several share a pass.
TEST(DecoderEncoder, a_text_in_pieces_and_among_others_gives_the_same_bits) {
  TinyModel tiny = embedding_decoder();
  const auto encoder = encoder_of(tiny.open(), 32);
  const auto whole = encoder_of(tiny.open(), 256);
  ASSERT_NE(encoder, nullptr);
  ASSERT_NE(whole, nullptr);
  std::vector<std::vector<TokenId>> texts;
  for (const std::size_t length : {3, 100, 33, 1, 128}) {
    texts.emplace_back();
    for (std::size_t i = 0; i < length; ++i) texts.back().push_back(static_cast<TokenId>((i * 5 + length) % 40));
  }
  for (const EncoderOutput output :
       {EncoderOutput::kTokens, EncoderOutput::kMean, EncoderOutput::kFirst, EncoderOutput::kLast}) {
    std::vector<float> alone;
    for (const auto& text : texts) {
      const std::vector<float> one = encode_one(*whole, text, output);
      alone.insert(alone.end(), one.begin(), one.end());
    }
    EXPECT_EQ(encode_all(*encoder, texts, output), alone) << model::to_string(output);
  }
}

TEST(DecoderEncoder, a_decoder_without_pooling_is_none) {
  TinyModel tiny;
  EXPECT_FALSE(model::is_encoder(tiny.open()));
  EXPECT_TRUE(model::is_encoder(embedding_decoder().open()));
}

}  // namespace
}  // namespace sixfold::test
