// Vectors of encoders against the reference; testdata/golden/README.md is the law.  BERT's GELU is computed with the
// error function, as the original does: the reference's "erf_raw".
#include <gtest/gtest.h>

#include "encoder_runner.h"
#include "golden_files.h"
#include "measurements.h"
#include "model/pooling.h"

namespace sixfold::test {
namespace {

using model::EncoderOutput;

constexpr double kMaxAbs = 2e-5;
constexpr double kMaxCosineDistance = 1e-6;

constexpr std::pair<const char*, EncoderOutput> kOutputs[] = {{"none", EncoderOutput::kTokens},
                                                              {"mean", EncoderOutput::kMean},
                                                              {"cls", EncoderOutput::kFirst},
                                                              {"last", EncoderOutput::kLast}};

// Returns the largest distance.
double expect_near(std::span<const float> reference, std::span<const float> got, double max_abs) {
  EXPECT_EQ(reference.size(), got.size());
  if (reference.size() != got.size()) return HUGE_VAL;
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double distance = std::abs(static_cast<double>(got[i]) - static_cast<double>(reference[i]));
    if (!(distance <= largest)) largest = distance;  // NaN counts as far away
  }
  EXPECT_LE(largest, max_abs);
  return largest;
}

double cosine_distance(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    squares_a += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    squares_b += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return 1 - dot / std::sqrt(squares_a * squares_b);
}

class GoldenEncoder : public testing::TestWithParam<const char*> {};

TEST_P(GoldenEncoder, vectors_match) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const std::string stem = folder + "/golden/arch/" + GetParam();
  const auto encoder = load_encoder_file(stem + ".gguf");
  ASSERT_NE(encoder, nullptr);
  const boost::json::value json = read_json(stem + ".json");
  const bool is_bert = json.at("arch").as_string() == "bert";
  std::size_t compared = 0;
  double max_abs = 0;
  double cosine = 0;
  for (const auto& [prompt, value] : json.at("prompts").as_object()) {
    const std::vector<TokenId> ids = token_ids(value.at("ids"));
    for (const auto& [name, output] : kOutputs) {
      const std::string key = std::string(prompt) + "." + name;
      const boost::json::object& outputs = json.at("outputs").as_object();
      if (!outputs.contains(key)) continue;
      SCOPED_TRACE(key);
      const boost::json::object& files = outputs.at(key).as_object();
      const auto floats = [&](const char* kind) {
        return read_floats(folder + "/golden/arch/" + files.at(kind).as_string().c_str());
      };
      std::vector<float> got = encode_one(*encoder, ids, output);
      if (!is_bert || files.contains("erf_raw")) {
        const std::vector<float> reference = floats(is_bert ? "erf_raw" : "raw");
        max_abs = std::max(max_abs, expect_near(reference, got, kMaxAbs));
        EXPECT_LE(cosine_distance(reference, got), kMaxCosineDistance);
        cosine = std::max(cosine, cosine_distance(reference, got));
        ++compared;
      } else {
        // Only the tanh formula's vectors are there, about 1e-3 away.
        expect_near(floats("raw"), got, 5e-3);
      }
      if (!is_bert && files.contains("normalized")) {
        model::normalize(got);
        expect_near(floats("normalized"), got, kMaxAbs);
      }
    }
  }
  EXPECT_GE(compared, 6U);
  record({{"table", "encoder"},
          {"model", GetParam()},
          {"architecture", json.at("arch")},
          {"format", "F32"},
          {"max_abs", max_abs},
          {"cosine", cosine}});
}

// Lengths that share pages, passes and tiles differently.
TEST_P(GoldenEncoder, a_text_among_others_gives_the_same_bits) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto encoder = load_encoder_file(folder + "/golden/arch/" + GetParam() + ".gguf");
  ASSERT_NE(encoder, nullptr);
  std::vector<std::vector<TokenId>> texts;
  for (const std::size_t length : {1, 31, 32, 33, 200, 256, 7, 70, 129, 2}) {
    texts.emplace_back();
    for (std::size_t i = 0; i < length; ++i) texts.back().push_back(static_cast<TokenId>((i * 7 + length) % 512));
  }
  for (const EncoderOutput output : {EncoderOutput::kTokens, EncoderOutput::kMean, EncoderOutput::kFirst}) {
    const std::vector<float> together = encode_all(*encoder, texts, output);
    std::vector<float> alone;
    for (const auto& text : texts) {
      const std::vector<float> one = encode_one(*encoder, text, output);
      alone.insert(alone.end(), one.begin(), one.end());
    }
    EXPECT_EQ(together, alone) << model::to_string(output);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenEncoder, testing::Values("bert_cls", "bert_mean", "nomic_bert"),
                         [](const auto& tested) { return std::string(tested.param); });

// Random weights: what is tested is that every file of the folder finds its place.
TEST(GoldenEncoderFolder, a_sentence_transformers_folder_loads) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const auto encoder = load_encoder_file(folder + "/real/bert-tiny-random");
  ASSERT_NE(encoder, nullptr);
  EXPECT_EQ(encoder->description().output, EncoderOutput::kMean);
  EXPECT_EQ(encoder->description().token_types, 2U);
  EXPECT_EQ(encoder->description().model.context_max, 128U);
  const std::vector<TokenId> text = {2, 10, 11, 3};
  for (const float value : encode_one(*encoder, text, EncoderOutput::kMean)) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace sixfold::test
