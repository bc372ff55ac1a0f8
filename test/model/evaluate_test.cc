// Perplexity where it is known in advance, and logits in pieces.
#include "model/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

std::unique_ptr<Model> load_to_evaluate(TinyModel& tiny, std::size_t rows_max = 64) {
  auto loaded = model::load(tiny.open(), shared_pool(), {.rows_max = rows_max});
  EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
  return std::move(loaded).value();
}

std::vector<TokenId> counting_tokens(std::size_t count) {
  std::vector<TokenId> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = static_cast<TokenId>(i % 40);
  return tokens;
}

TEST(Perplexity, of_a_model_that_knows_nothing_is_its_vocabulary) {
  TinyModel tiny;
  tiny.add_tensor("output.weight", {40, 16}, {});  // zeros: all logits are equal
  const auto model = load_to_evaluate(tiny);
  const auto measured = model::measure_perplexity(*model, counting_tokens(70), {.context = 16});
  ASSERT_TRUE(measured.is_ok()) << measured.error().message;
  EXPECT_NEAR(measured->value, 40, 1e-9);
  EXPECT_NEAR(measured->standard_error, 0, 1e-6);
  EXPECT_EQ(measured->chunks, 4U);
  EXPECT_EQ(measured->tokens_scored, 4U * 7);
}

TEST(Perplexity, is_the_mean_likelihood_of_the_second_halves) {
  TinyModel tiny;
  const auto model = load_to_evaluate(tiny, 5);  // chunks do not fit one forward call
  const std::vector<TokenId> tokens = counting_tokens(40);
  double sum = 0;
  double squares = 0;
  for (std::size_t chunk = 0; chunk < 3; ++chunk) {
    std::vector<TokenId> ids(tokens.begin() + static_cast<std::ptrdiff_t>(12 * chunk),
                             tokens.begin() + static_cast<std::ptrdiff_t>(12 * chunk + 12));
    ids[0] = 1;
    const std::vector<float> logits = model::evaluate_logits(*model, ids, {}).value();
    for (std::size_t j = 6; j <= 10; ++j) {
      double total = 0;
      for (std::size_t i = 0; i < 40; ++i) total += std::exp(static_cast<double>(logits[j * 40 + i]));
      const double loss = std::log(total) - static_cast<double>(logits[j * 40 + static_cast<std::size_t>(ids[j + 1])]);
      sum += loss;
      squares += loss * loss;
    }
  }
  const double mean = sum / 15;
  std::size_t calls = 0;
  model::PerplexityOptions options{.context = 12, .bos = 1};
  options.progress = [&](const model::Perplexity& so_far, std::size_t chunks) {
    EXPECT_EQ(so_far.chunks, ++calls);
    EXPECT_EQ(chunks, 3U);
    return true;
  };
  const auto measured = model::measure_perplexity(*model, tokens, options);
  ASSERT_TRUE(measured.is_ok()) << measured.error().message;
  EXPECT_EQ(calls, 3U);
  EXPECT_NEAR(measured->value, std::exp(mean), 1e-6 * std::exp(mean));
  const double deviation = std::sqrt((squares / 15 - mean * mean) / 14);
  EXPECT_NEAR(measured->standard_error, std::exp(mean) * deviation, 1e-6 * std::exp(mean));
}

TEST(Perplexity, stops_when_the_caller_says_so) {
  TinyModel tiny;
  const auto model = load_to_evaluate(tiny);
  model::PerplexityOptions options{.context = 8};
  options.progress = [](const model::Perplexity& so_far, std::size_t) { return so_far.chunks < 2; };
  EXPECT_EQ(model::measure_perplexity(*model, counting_tokens(80), options)->chunks, 2U);
  EXPECT_EQ(model::measure_perplexity(*model, counting_tokens(80), {.context = 8, .chunks_max = 3})->chunks, 3U);
}

TEST(Perplexity, refuses_what_it_cannot_measure) {
  TinyModel tiny;
  const auto model = load_to_evaluate(tiny);
  const std::vector<TokenId> tokens = counting_tokens(300);
  const auto code = [&](std::span<const TokenId> ids, const model::PerplexityOptions& options) {
    return model::measure_perplexity(*model, ids, options).error().code;
  };
  EXPECT_EQ(code(std::span(tokens).first(7), {.context = 8}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(tokens, {.context = 7}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(tokens, {.context = 2}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(tokens, {.context = 256}), ErrorCode::kInvalidArgument);  // the model's is 128
  EXPECT_EQ(code(tokens, {.context = 8, .bos = 40}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(std::vector<TokenId>(8, -1), {.context = 8}), ErrorCode::kInvalidArgument);
}

TEST(EvaluateLogits, gives_the_wanted_positions_however_it_is_cut) {
  TinyModel tiny;
  const auto model = load_to_evaluate(tiny);
  const std::vector<TokenId> tokens = counting_tokens(33);
  const std::vector<float> all = model::evaluate_logits(*model, tokens, {}).value();
  ASSERT_EQ(all.size(), 33U * 40);
  EXPECT_EQ(model::evaluate_logits(*model, tokens, {.rows_at_once = 5}).value(), all);
  const std::vector<float> tail =
      model::evaluate_logits(*model, tokens, {.rows_at_once = 4, .first_wanted = 30}).value();
  EXPECT_EQ(tail, std::vector<float>(all.end() - 3 * 40, all.end()));
}

TEST(EvaluateLogits, refuses_impossible_requests) {
  TinyModel tiny;
  const auto model = load_to_evaluate(tiny);
  EXPECT_FALSE(model::evaluate_logits(*model, {}, {}).is_ok());
  EXPECT_FALSE(model::evaluate_logits(*model, counting_tokens(129), {}).is_ok());
  EXPECT_FALSE(model::evaluate_logits(*model, counting_tokens(4), {.first_wanted = 4}).is_ok());
}

}  // namespace
}  // namespace sixfold::test
