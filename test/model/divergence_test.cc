// Divergence where it is known in advance.
#include "model/divergence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

std::vector<TokenId> tokens_in_order(std::size_t count) {
  std::vector<TokenId> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = static_cast<TokenId>(i % 40);
  return tokens;
}

std::unique_ptr<Model> load(TinyModel& tiny, const model::LoadOptions& options = {.rows_max = 5}) {
  auto loaded = model::load(tiny.open(), shared_pool(), options);
  EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
  return std::move(loaded).value();
}

TEST(Divergence, of_a_model_from_itself_is_nothing) {
  TinyModel tiny;
  const auto reference = load(tiny);
  const auto model = load(tiny, {.rows_max = 64});
  const auto measured = model::measure_divergence(*reference, *model, tokens_in_order(70), {.context = 16});
  ASSERT_TRUE(measured.is_ok()) << measured.error().message;
  EXPECT_EQ(measured->mean, 0);
  EXPECT_EQ(measured->largest, 0);
  EXPECT_EQ(measured->same_top, 1);
  EXPECT_EQ(measured->model.value, measured->reference.value);
  EXPECT_EQ(measured->model.tokens_scored, 4U * 7);
}

TEST(Divergence, of_a_model_that_knows_nothing_is_the_entropy_it_lacks) {
  TinyModel tiny;
  TinyModel blank;
  blank.add_tensor("output.weight", {40, 16}, {});  // zeros: all logits are equal
  const auto reference = load(tiny);
  const auto model = load(blank);
  const std::vector<TokenId> tokens = tokens_in_order(12);
  // KL(p || uniform) = ln 40 - H(p)
  const std::vector<float> logits = model::evaluate_logits(*reference, tokens, {}).value();
  double sum = 0;
  double largest = 0;
  for (std::size_t j = 6; j <= 10; ++j) {
    double total = 0;
    for (std::size_t i = 0; i < 40; ++i) total += std::exp(static_cast<double>(logits[j * 40 + i]));
    double entropy = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      const double p = std::exp(static_cast<double>(logits[j * 40 + i])) / total;
      entropy -= p * std::log(p);
    }
    sum += std::log(40.0) - entropy;
    largest = std::max(largest, std::log(40.0) - entropy);
  }
  const auto measured = model::measure_divergence(*reference, *model, tokens, {.context = 12});
  ASSERT_TRUE(measured.is_ok()) << measured.error().message;
  EXPECT_NEAR(measured->mean, sum / 5, 1e-9);
  EXPECT_NEAR(measured->largest, largest, 1e-9);
  EXPECT_GE(measured->percentile_99, measured->median);
  EXPECT_NEAR(measured->model.value, 40, 1e-9);
}

TEST(Divergence, refuses_another_vocabulary) {
  TinyModel tiny;
  TinyModel larger;
  larger.add_tensor("token_embd.weight", {41, 16}, std::vector<float>(41 * 16, 0.5F));
  larger.add_tensor("output.weight", {41, 16}, {});
  const auto reference = load(larger);
  const auto model = load(tiny);
  const auto measured = model::measure_divergence(*reference, *model, tokens_in_order(40), {.context = 8});
  ASSERT_FALSE(measured.is_ok());
  EXPECT_EQ(measured.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace sixfold::test
