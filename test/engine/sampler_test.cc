// Sampling against plain sums in double over the whole vocabulary, sorted in full.
#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "engine/candidates.h"
#include "engine/random.h"

namespace sixfold::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_logits(std::uint64_t seed, std::size_t vocabulary, double spread) {
  std::vector<float> logits(vocabulary);
  for (std::size_t token = 0; token < vocabulary; ++token) {
    logits[token] = static_cast<float>((uniform(seed, token) - 0.5) * spread);
  }
  return logits;
}

// The whole chain of cuts, each on a sorted list of (token, probability), renormalised every time.
struct Naive {
  std::vector<std::pair<TokenId, double>> tokens;
  double nearest_tie = 1;  // how close a decision was: below 1e-6 rounding may decide otherwise

  void normalise() {
    double total = 0;
    for (const auto& token : tokens) total += token.second;
    for (auto& token : tokens) token.second /= total;
  }
  void keep_mass(double p) {
    double sum = 0;
    for (std::size_t kept = 0; kept < tokens.size(); ++kept) {
      sum += tokens[kept].second;
      nearest_tie = std::min(nearest_tie, std::abs(sum - p));
      if (sum >= p) {
        tokens.resize(kept + 1);
        break;
      }
    }
    normalise();
  }
};

Naive naive_survivors(const std::vector<float>& logits, const SamplingOptions& options) {
  Naive naive;
  for (std::size_t token = 0; token < logits.size(); ++token) {
    naive.tokens.emplace_back(static_cast<TokenId>(token), std::exp(static_cast<double>(logits[token])));
  }
  const auto by_probability = [](const auto& a, const auto& b) { return a.second > b.second; };
  std::stable_sort(naive.tokens.begin(), naive.tokens.end(), by_probability);
  if (options.top_k > 0 && options.top_k < naive.tokens.size()) naive.tokens.resize(options.top_k);
  naive.normalise();
  if (options.typical_p < 1) {
    double entropy = 0;
    for (const auto& token : naive.tokens) entropy -= token.second * std::log(token.second);
    const auto distance = [&](const auto& token) { return std::abs(-std::log(token.second) - entropy); };
    std::stable_sort(naive.tokens.begin(), naive.tokens.end(),
                     [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    naive.keep_mass(static_cast<double>(options.typical_p));
  }
  if (options.top_p < 1) {
    std::stable_sort(naive.tokens.begin(), naive.tokens.end(), by_probability);
    naive.keep_mass(static_cast<double>(options.top_p));
  }
  if (options.min_p > 0) {
    double best = 0;
    for (const auto& token : naive.tokens) best = std::max(best, token.second);
    for (const auto& token : naive.tokens) {
      naive.nearest_tie =
          std::min(naive.nearest_tie, std::abs(token.second / best - static_cast<double>(options.min_p)));
    }
    std::erase_if(naive.tokens,
                  [&](const auto& token) { return token.second < static_cast<double>(options.min_p) * best; });
    naive.normalise();
  }
  return naive;
}

struct Cuts {
  std::uint32_t top_k;
  float typical_p, top_p, min_p;
};

class SamplerCuts : public testing::TestWithParam<Cuts> {};

TEST_P(SamplerCuts, keep_the_tokens_and_probabilities_of_the_naive_chain) {
  SamplingOptions options;
  options.top_k = GetParam().top_k;
  options.typical_p = GetParam().typical_p;
  options.top_p = GetParam().top_p;
  options.min_p = GetParam().min_p;
  std::size_t compared = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::size_t vocabulary = seed % 3 == 0 ? 5 : 700;
    const std::vector<float> logits = random_logits(seed, vocabulary, seed % 2 == 0 ? 20.0 : 2.0);
    const Naive naive = naive_survivors(logits, options);
    if (naive.nearest_tie < 1e-6) continue;
    const float largest = *std::max_element(logits.begin(), logits.end());
    const std::vector<Candidate> kept = survivors(logits, options, largest);
    std::map<TokenId, double> expected(naive.tokens.begin(), naive.tokens.end());
    ASSERT_EQ(kept.size(), expected.size()) << "seed " << seed;
    const double total = total_weight(kept);
    for (const Candidate& candidate : kept) {
      ASSERT_TRUE(expected.contains(candidate.token));
      EXPECT_NEAR(candidate.weight / total, expected[candidate.token], 1e-6);
    }
    ++compared;
  }
  EXPECT_GT(compared, 30u);
}

INSTANTIATE_TEST_SUITE_P(Sampler, SamplerCuts,
                         testing::Values(Cuts{0, 1, 1, 0}, Cuts{1, 1, 1, 0}, Cuts{40, 1, 1, 0}, Cuts{5000, 1, 1, 0},
                                         Cuts{0, 1, 0.9f, 0}, Cuts{0, 1, 0.001f, 0}, Cuts{0, 1, 0.999f, 0},
                                         Cuts{0, 1, 1, 0.05f}, Cuts{0, 0.5f, 1, 0}, Cuts{0, 0.95f, 1, 0},
                                         Cuts{40, 0.9f, 0.8f, 0.1f}, Cuts{0, 0.9f, 0.8f, 0.1f},
                                         Cuts{100, 1, 0.95f, 0.02f}));

TEST(Sampler, draws_each_token_as_often_as_its_probability_says) {
  SamplingOptions options;
  options.temperature = 0.7f;
  const std::vector<float> logits = {1.0f, 0.0f, -kInfinity, 2.0f, -1.0f, kNan};
  std::vector<double> expected;
  for (const float logit : logits)
    expected.push_back(std::isfinite(logit) ? std::exp(static_cast<double>(logit) / static_cast<double>(0.7f)) : 0);
  const double total = std::accumulate(expected.begin(), expected.end(), 0.0);
  SamplerState state(options, {}, 123);
  constexpr int kDraws = 40000;
  std::vector<int> times(logits.size());
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<float> row = logits;
    const TokenId token = sample(row, options, state, {})->token;
    ++times[static_cast<std::size_t>(token)];
    state.add_output(token);
  }
  for (std::size_t token = 0; token < logits.size(); ++token) {
    const double p = expected[token] / total;
    // Six standard deviations, and the draws are the same in every run.
    EXPECT_NEAR(times[token], kDraws * p, 6 * std::sqrt(kDraws * p * (1 - p)) + 1e-9) << "token " << token;
  }
}

TEST(Sampler, draws_from_a_row_of_many_blocks_as_its_probabilities_say) {
  // Eight groups of tokens, far apart, of equal weight; everything between weighs next to nothing.
  constexpr std::size_t kVocabulary = 5 * kWeightBlock + 17;
  constexpr int kDraws = 8000;
  std::vector<float> logits(kVocabulary, -50.0f);
  for (std::size_t group = 0; group < 8; ++group) logits[group * (kVocabulary / 8) + group] = 3.0f;
  logits[kVocabulary - 1] = kNan;
  SamplingOptions options;
  SamplerState state(options, {}, 77);
  std::map<TokenId, int> times;
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<float> row = logits;
    const TokenId token = sample(row, options, state, {})->token;
    ++times[token];
    state.add_output(token);
  }
  ASSERT_EQ(times.size(), 8u);
  for (const auto& [token, count] : times) {
    EXPECT_EQ(logits[static_cast<std::size_t>(token)], 3.0f);
    EXPECT_NEAR(count, kDraws / 8, 6 * std::sqrt(kDraws / 8.0));
  }
}

TEST(Sampler, greedy_takes_the_lowest_id_of_the_best) {
  SamplingOptions options;
  options.temperature = 0;
  std::vector<float> logits = {0.5f, 2.0f, kNan, 2.0f, -kInfinity};
  EXPECT_EQ(sample(logits, options, SamplerState(options, {}, 0), {})->token, 1);
}

TEST(Sampler, applies_bias_then_penalties) {
  SamplingOptions options;
  options.temperature = 0;
  options.logit_bias = {{1, 3.0f}, {2, -1.0f}, {1, 1.0f}};
  options.repetition_penalty = 2.0f;
  options.presence_penalty = 0.5f;
  options.frequency_penalty = 0.25f;
  SamplerState state(options, std::vector<TokenId>{1, 2}, 0);
  state.add_output(2);
  state.add_output(3);
  state.add_output(3);
  std::vector<float> logits = {1.0f, 1.0f, 0.5f, 4.0f};
  ASSERT_TRUE(sample(logits, options, state, {}).is_ok());
  EXPECT_FLOAT_EQ(logits[0], 1.0f);                                 // never seen
  EXPECT_FLOAT_EQ(logits[1], (1.0f + 4.0f) / 2.0f);                 // in the prompt only
  EXPECT_FLOAT_EQ(logits[2], (0.5f - 1.0f) * 2.0f - 0.5f - 0.25f);  // negative: multiplied; once in the output
  EXPECT_FLOAT_EQ(logits[3], 4.0f / 2.0f - 0.5f - 2 * 0.25f);       // twice in the output
}

TEST(Sampler, bias_of_minus_a_hundred_bans_a_token) {
  SamplingOptions options;
  options.logit_bias = {{1, -100.0f}};
  SamplerState state(options, {}, 1);
  for (int draw = 0; draw < 1000; ++draw) {
    std::vector<float> logits = {0.0f, 5.0f, 0.0f};
    const TokenId token = sample(logits, options, state, {})->token;
    EXPECT_NE(token, 1);
    state.add_output(token);
  }
}

TEST(Sampler, reports_log_softmax_before_temperature_and_cuts) {
  SamplingOptions options;
  options.temperature = 0.1f;
  options.top_k = 1;
  std::vector<float> logits = {1.0f, 3.0f, 2.0f, 0.0f};
  const Result<Sampled> sampled = sample(logits, options, SamplerState(options, {}, 0), {true, 3});
  const double log_total = std::log(std::exp(1.0) + std::exp(3.0) + std::exp(2.0) + 1.0);
  ASSERT_TRUE(sampled->chosen.has_value());
  EXPECT_EQ(sampled->token, 1);
  EXPECT_NEAR(sampled->chosen->logprob, 3.0 - log_total, 1e-6);
  ASSERT_EQ(sampled->alternatives.size(), 3u);
  EXPECT_EQ(sampled->alternatives[1].token, 2);
  EXPECT_NEAR(sampled->alternatives[2].logprob, 1.0 - log_total, 1e-6);
}

TEST(Sampler, survives_numbers_that_are_none) {
  const std::vector<std::vector<float>> rows = {
      {kNan, kInfinity, 1.0f}, {kInfinity, kInfinity, -kInfinity}, {-kInfinity, kNan, -3e38f}, {3e38f, -3e38f, 0.0f}};
  for (const std::vector<float>& row : rows) {
    for (const float temperature : {0.0f, 1e-30f, 1.0f, 10.0f}) {
      for (const Cuts& cuts : {Cuts{0, 1, 1, 0}, Cuts{2, 0.5f, 0.5f, 0.5f}, Cuts{0, 0.5f, 1, 0}, Cuts{0, 1, 0.5f, 0}}) {
        SamplingOptions options;
        options.temperature = temperature;
        options.top_k = cuts.top_k;
        options.typical_p = cuts.typical_p;
        options.top_p = cuts.top_p;
        options.min_p = cuts.min_p;
        options.repetition_penalty = 1e-30f;
        std::vector<float> logits = row;
        const auto sampled = sample(logits, options, SamplerState(options, std::vector<TokenId>{2}, 5), {true, 2});
        ASSERT_TRUE(sampled.is_ok());
        const float chosen = row[static_cast<std::size_t>(sampled->token)];
        EXPECT_FALSE(std::isnan(chosen));
        EXPECT_NE(chosen, -kInfinity);
        EXPECT_FALSE(std::isnan(sampled->chosen->logprob));
      }
    }
  }
}

TEST(Sampler, a_row_without_a_finite_logit_is_an_error) {
  SamplingOptions options;
  std::vector<float> logits = {kNan, -kInfinity};
  const auto sampled = sample(logits, options, SamplerState(options, {}, 0), {});
  ASSERT_FALSE(sampled.is_ok());
  EXPECT_EQ(sampled.error().message, "model produced no finite logit");
}

TEST(Sampler, the_random_number_depends_on_seed_choice_and_step_alone) {
  // SplitMix64 with seed 1234567: the first numbers of Vigna's reference implementation.
  EXPECT_EQ(splitmix64(1234567, 0), 6457827717110365317ull);
  EXPECT_EQ(splitmix64(1234567, 1), 3203168211198807973ull);
  EXPECT_NE(choice_key(1, 0), choice_key(1, 1));
  EXPECT_NE(choice_key(1, 1), choice_key(2, 0));
  for (std::uint64_t step = 0; step < 1000; ++step) {
    EXPECT_GE(uniform(9, step), 0.0);
    EXPECT_LT(uniform(9, step), 1.0);
  }
}

TEST(SamplingOptions, out_of_range_is_named) {
  const auto message = [](auto change) {
    SamplingOptions options;
    change(options);
    const Status status = validate(options);
    return status ? std::string("valid") : status.error().message;
  };
  EXPECT_EQ(message([](auto&) {}), "valid");
  EXPECT_EQ(message([](auto& o) { o.temperature = -1; }), "temperature: -1, want 0 to 10");
  EXPECT_EQ(message([](auto& o) { o.temperature = kNan; }), "temperature: nan, want 0 to 10");
  EXPECT_EQ(message([](auto& o) { o.top_p = 0; }), "top_p: 0, want above 0, at most 1");
  EXPECT_EQ(message([](auto& o) { o.min_p = 1; }), "min_p: 1, want 0 to below 1");
  EXPECT_EQ(message([](auto& o) { o.typical_p = 1.5f; }), "typical_p: 1.5, want above 0, at most 1");
  EXPECT_EQ(message([](auto& o) { o.repetition_penalty = 0; }), "repetition_penalty: 0, want above 0, at most 10");
  EXPECT_EQ(message([](auto& o) { o.presence_penalty = 3; }), "presence_penalty: 3, want -2 to 2");
  EXPECT_EQ(message([](auto& o) { o.frequency_penalty = -3; }), "frequency_penalty: -3, want -2 to 2");
  EXPECT_EQ(message([](auto& o) {
              o.logit_bias = {{3, kInfinity}};
            }),
            "logit_bias: inf for token 3, want -1000 to 1000");
}

}  // namespace
}  // namespace sixfold::engine
