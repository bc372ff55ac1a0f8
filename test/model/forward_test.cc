// The forward pass against a plain decoder in double, and its promise that a row's bits do not depend on the batch.
#include <gtest/gtest.h>

#include <limits>

#include "model_runner.h"
#include "plain_decoder.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

std::unique_ptr<Model> load_tiny(TinyModel& tiny, std::size_t rows_max = 64, std::size_t context = 0) {
  auto loaded = model::load(tiny.open(), shared_pool(), {.rows_max = rows_max, .context = context});
  EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
  return std::move(loaded).value();
}

std::vector<TokenId> some_tokens(std::size_t count, TokenId vocabulary = 40) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<TokenId>((i * i * 7 + i * 3 + 5) % 37) % vocabulary);
  return tokens;
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want, float limit) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], limit) << "index " << i;
}

// 48 tokens: more than one page of 32.
void expect_as_plain(TinyModel& tiny, const PlainOptions& options) {
  const auto model = load_tiny(tiny);
  const std::vector<TokenId> tokens = some_tokens(48);
  expect_near(Sequence(*model, KvDType::kF32, 64).feed(tokens), PlainDecoder(tiny, options).logits(tokens), 1e-4F);
}

TEST(Forward, llama_matches_a_plain_decoder) {
  TinyModel tiny;
  expect_as_plain(tiny, {});
}

TEST(Forward, tied_output_matches_a_plain_decoder) {
  TinyModel tiny({.has_output = false});
  expect_as_plain(tiny, {});
}

TEST(Forward, heads_wider_than_the_residual_stream_match_a_plain_decoder) {
  TinyModel tiny({.kv_heads = 1, .head_dim = 12});
  expect_as_plain(tiny, {});
}

TEST(Forward, heads_of_256_match_a_plain_decoder_and_give_the_same_bits_in_pieces) {
  TinyModel tiny({.heads = 2, .kv_heads = 1, .head_dim = 256});
  expect_as_plain(tiny, {});
  const auto model = load_tiny(tiny);
  const std::vector<TokenId> tokens = some_tokens(48);
  for (const KvDType dtype : {KvDType::kF32, KvDType::kF16, KvDType::kBF16, KvDType::kI16}) {
    const std::vector<float> whole = Sequence(*model, dtype, 64).feed(tokens);
    EXPECT_EQ(Sequence(*model, dtype, 64).feed_in_pieces(tokens, 7), whole);
    EXPECT_EQ(Sequence(*model, dtype, 64).feed_in_pieces(tokens, 1), whole);
  }
}

TEST(Forward, optional_biases_of_llama_match_a_plain_decoder) {
  TinyModel tiny({.has_qkv_bias = true});
  tiny.add_random_tensor("blk.1.attn_output.bias", {16}, 0.5F);
  expect_as_plain(tiny, {});
}

TEST(Forward, sliding_window_matches_a_plain_decoder) {
  TinyModel tiny;
  tiny.set("llama.attention.sliding_window", std::uint64_t{9});
  expect_as_plain(tiny, {.window = 9});
}

TEST(Forward, layers_without_positions_match_a_plain_decoder) {
  TinyModel tiny({.architecture = "smollm3", .layers = 5});
  expect_as_plain(tiny, {.positionless_period = 4});
}

TEST(Forward, linear_rope_scaling_matches_a_plain_decoder) {
  TinyModel tiny;
  tiny.set("llama.rope.freq_base", 500.0);
  tiny.set("llama.rope.scaling.type", std::string("linear"));
  tiny.set("llama.rope.scaling.factor", 4.0);
  expect_as_plain(tiny, {.rope_base = 500, .rope_divisor = 4});
}

TEST(Forward, rope_scaling_none_ignores_the_factor) {
  TinyModel tiny;
  tiny.set("llama.rope.scaling.type", std::string("none"));
  tiny.set("llama.rope.scaling.factor", 4.0);
  expect_as_plain(tiny, {});
}

TEST(Forward, old_linear_scaling_key_is_read) {
  TinyModel tiny;
  tiny.set("llama.rope.scale_linear", 2.0);
  expect_as_plain(tiny, {.rope_divisor = 2});
}

TEST(Forward, qwen2_matches_a_plain_decoder) {
  TinyModel tiny({.architecture = "qwen2", .has_qkv_bias = true});
  expect_as_plain(tiny, {.pairs_halves = true});
}

TEST(Forward, qwen3_matches_a_plain_decoder) {
  TinyModel tiny({.architecture = "qwen3", .head_dim = 8, .has_head_norm = true});
  expect_as_plain(tiny, {.pairs_halves = true});
}

TEST(Forward, granite_matches_a_plain_decoder) {
  TinyModel tiny({.architecture = "granite"});
  tiny.set("granite.embedding_scale", 3.0);
  tiny.set("granite.residual_scale", 0.5);
  tiny.set("granite.attention.scale", 0.25);
  tiny.set("granite.logit_scale", 4.0);
  expect_as_plain(tiny, {.embedding_scale = 3, .residual_scale = 0.5, .attention_scale = 0.25, .logit_divisor = 4});
}

TEST(Forward, mixtures_match_a_plain_decoder) {
  TinyModel mixtral({.experts = 4, .experts_used = 2});
  expect_as_plain(mixtral, {});
  TinyModel one_expert({.experts = 3, .experts_used = 1});
  expect_as_plain(one_expert, {});
  TinyModel qwen3({.architecture = "qwen3moe", .head_dim = 8, .has_head_norm = true, .experts = 5, .experts_used = 5});
  expect_as_plain(qwen3, {.pairs_halves = true});
}

TEST(Forward, mixtures_give_the_same_bits_in_pieces) {
  TinyModel tiny({.experts = 4, .experts_used = 2});
  const auto model = load_tiny(tiny);
  const std::vector<TokenId> tokens = some_tokens(48);
  const std::vector<float> whole = Sequence(*model, KvDType::kF32, 64).feed(tokens);
  EXPECT_EQ(Sequence(*model, KvDType::kF32, 64).feed_in_pieces(tokens, 1), whole);
  EXPECT_EQ(Sequence(*model, KvDType::kF32, 64).feed_in_pieces(tokens, 7), whole);
}

std::vector<float> logits_of(TinyModel& tiny) {
  return Sequence(*load_tiny(tiny), KvDType::kF32, 64).feed(some_tokens(48));
}

// Puts the rows of several tensors below each other, into one.
void stack(TinyModel& tiny, const std::string& prefix, const std::vector<std::string>& parts,
           const std::string& whole) {
  for (const std::string ending : {".weight", ".bias"}) {
    std::vector<float> values;
    for (const std::string& part : parts) {
      const std::span<const float> found = tiny.values(prefix + part + ending);
      values.insert(values.end(), found.begin(), found.end());
      tiny.erase_tensor(prefix + part + ending);
    }
    if (values.empty()) continue;
    const std::size_t width = ending == ".bias" ? 1 : tiny.shape().width;
    std::vector<std::size_t> dims = {values.size() / width};
    if (width != 1) dims.push_back(width);
    tiny.add_tensor(prefix + whole + ending, dims, values);
  }
}

TEST(Forward, stacked_matrices_give_the_bits_of_separate_ones) {
  TinyModel tiny({.has_qkv_bias = true});
  const std::vector<float> separate = logits_of(tiny);
  for (const std::string layer : {"blk.0.", "blk.1."}) stack(tiny, layer, {"attn_q", "attn_k", "attn_v"}, "attn_qkv");
  EXPECT_EQ(logits_of(tiny), separate);
}

// Phi 3 keeps gate and up in one matrix.  The plain decoder reads an equal model with separate ones.
class Phi3 : public testing::Test {
 protected:
  Phi3() {
    for (const std::string layer : {"blk.0.", "blk.1."}) stack(tiny_, layer, {"ffn_gate", "ffn_up"}, "ffn_up");
  }
  void expect_as_plain(const PlainOptions& options, std::size_t context) {
    const auto model = load_tiny(tiny_, 64, context);
    const std::vector<TokenId> tokens = some_tokens(48);
    expect_near(Sequence(*model, KvDType::kF32, 64).feed(tokens), PlainDecoder(separate_, options).logits(tokens),
                1e-4F);
  }

  TinyModel tiny_{{.architecture = "phi3"}};
  TinyModel separate_{{.architecture = "phi3"}};
};

TEST_F(Phi3, matches_a_plain_decoder) {
  expect_as_plain({.pairs_halves = true}, 0);
}

TEST_F(Phi3, takes_the_rope_factors_that_suit_the_context) {
  tiny_.set("phi3.rope.scaling.type", std::string("longrope"));
  tiny_.set("phi3.rope.scaling.original_context_length", std::uint64_t{64});
  tiny_.set("phi3.rope.scaling.attn_factor", 1.5);
  tiny_.add_tensor("rope_factors_short.weight", {2}, {2, 2});
  tiny_.add_tensor("rope_factors_long.weight", {2}, {5, 5});
  // Queries and keys both grow by the attention factor.
  const double attention_scale = 1.5 * 1.5 / 2;
  expect_as_plain({.pairs_halves = true, .rope_divisor = 5, .attention_scale = attention_scale}, 0);
  expect_as_plain({.pairs_halves = true, .rope_divisor = 5, .attention_scale = attention_scale}, 65);
  expect_as_plain({.pairs_halves = true, .rope_divisor = 2, .attention_scale = attention_scale}, 64);
}

TEST(Forward, goes_no_further_than_the_context_that_was_asked_for) {
  TinyModel tiny;
  const auto model = load_tiny(tiny, 64, 16);
  KvPages kv = KvPages::allocate(model->kv_shape(KvDType::kF32), 1).value();
  const PageId pages[] = {0};
  const std::span<const PageId> sequences[] = {pages};
  const BatchRow row = {.token = 1, .position = 16};
  EXPECT_EQ(model->forward({.rows = {&row, 1}, .pages = sequences}, kv, {}).error().message,
            "batch row 0: position 16, want less than the context of 16");
}

// Gemma 3 with 7 layers, of which the sixth has no window.
TinyModel tiny_gemma3() {
  TinyModel tiny({.architecture = "gemma3", .layers = 7, .has_head_norm = true});
  for (std::size_t layer = 0; layer < 7; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    tiny.add_random_tensor(prefix + "post_attention_norm.weight", {16}, 0.3F, 1);
    tiny.add_random_tensor(prefix + "post_ffw_norm.weight", {16}, 0.3F, 1);
  }
  tiny.set("gemma3.attention.sliding_window", std::uint64_t{5});
  return tiny;
}

TEST(Forward, layers_with_a_window_are_every_so_many_or_listed) {
  const std::string key = "gemma3.attention.sliding_window_pattern";
  TinyModel tiny = tiny_gemma3();
  const std::vector<float> usual = logits_of(tiny);
  tiny.set(key, std::vector<bool>{true, true, true, true, true, false, true});
  EXPECT_EQ(logits_of(tiny), usual);
  tiny.set(key, std::vector<bool>{true, false, true, true, true, false, true});
  EXPECT_NE(logits_of(tiny), usual);
  const std::vector<float> without_last_window = [&] {
    tiny.set(key, std::vector<bool>{true, true, true, true, true, true, false});
    return logits_of(tiny);
  }();
  tiny.set(key, std::uint64_t{7});
  EXPECT_EQ(logits_of(tiny), without_last_window);
}

// Several sequences in one batch, whose pages interleave in one cache.
class Batches : public testing::TestWithParam<KvDType> {
 protected:
  static constexpr std::size_t kVocabulary = 300;

  // Rows enough to cross the size from which element-wise work is shared between workers.
  TinyModel tiny_{{.width = 256, .heads = 16, .head_dim = 16, .feed_forward = 320, .vocabulary = kVocabulary}};
  std::unique_ptr<Model> model_ = load_tiny(tiny_, 256);
  KvPages kv_ = KvPages::allocate(model_->kv_shape(GetParam()), 16).value();

  std::vector<float> alone(std::span<const TokenId> tokens) { return Sequence(*model_, GetParam(), 128).feed(tokens); }

  static std::vector<float> row(const std::vector<float>& logits, std::size_t index) {
    const auto first = logits.begin() + static_cast<std::ptrdiff_t>(index * kVocabulary);
    return {first, first + static_cast<std::ptrdiff_t>(kVocabulary)};
  }
};

TEST_P(Batches, rows_have_the_same_bits_as_alone) {
  const std::vector<TokenId> tokens = some_tokens(100);
  const std::vector<TokenId> other(tokens.rbegin(), tokens.rbegin() + 50);
  const std::vector<TokenId> single = {7};
  const PageId pages_a[] = {3, 9, 0, 14};
  const PageId pages_b[] = {1, 4};
  const PageId pages_c[] = {15};
  const std::span<const PageId> pages[] = {pages_c, pages_a, pages_b};

  // First the beginning of a; then its rest beside b and c.
  std::vector<BatchRow> first;
  for (std::uint32_t i = 0; i < 37; ++i) first.push_back({tokens[i], i, 1, false});
  ASSERT_TRUE(model_->forward({.rows = first, .pages = pages}, kv_, {}).is_ok());
  std::vector<BatchRow> second;
  for (std::uint32_t i = 37; i < 100; ++i) second.push_back({tokens[i], i, 1, i >= 98});
  for (std::uint32_t i = 0; i < 50; ++i) second.push_back({other[i], i, 2, i % 7 == 0});
  second.push_back({single[0], 0, 0, true});
  std::vector<float> logits((2 + 8 + 1) * kVocabulary);
  ASSERT_TRUE(model_->forward({.rows = second, .pages = pages}, kv_, logits).is_ok());

  const std::vector<float> a = alone(tokens);
  const std::vector<float> b = alone(other);
  EXPECT_EQ(row(logits, 0), row(a, 98));
  EXPECT_EQ(row(logits, 1), row(a, 99));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(row(logits, 2 + i), row(b, 7 * i)) << i;
  EXPECT_EQ(row(logits, 10), alone(single));
}

TEST_P(Batches, a_copied_page_continues_as_the_original) {
  const std::vector<TokenId> tokens = some_tokens(60);
  const PageId original[] = {2, 5};
  const PageId copy[] = {2, 6};  // shares the full page, has its own copy of the partly filled one
  const std::span<const PageId> pages[] = {original, copy};
  std::vector<BatchRow> prompt;
  for (std::uint32_t i = 0; i < 59; ++i) prompt.push_back({tokens[i], i, 0, false});
  ASSERT_TRUE(model_->forward({.rows = prompt, .pages = pages}, kv_, {}).is_ok());
  kv_.copy_page(5, 6);
  const BatchRow both[] = {{tokens[59], 59, 0, true}, {tokens[59], 59, 1, true}};
  std::vector<float> logits(2 * kVocabulary);
  ASSERT_TRUE(model_->forward({.rows = both, .pages = pages}, kv_, logits).is_ok());
  EXPECT_EQ(row(logits, 0), row(alone(tokens), 59));
  EXPECT_EQ(row(logits, 1), row(logits, 0));
}

TEST_P(Batches, no_rows_compute_nothing) {
  EXPECT_TRUE(model_->forward({}, kv_, {}).is_ok());
}

INSTANTIATE_TEST_SUITE_P(Caches, Batches, testing::Values(KvDType::kF32, KvDType::kF16, KvDType::kBF16, KvDType::kI16),
                         [](const auto& tested) {
                           return tested.param == KvDType::kF32    ? "f32"
                                  : tested.param == KvDType::kF16  ? "f16"
                                  : tested.param == KvDType::kBF16 ? "bf16"
                                                                   : "i16";
                         });

// A forward call that is refused leaves cache and logits alone.
class ForwardRefuses : public testing::Test {
 protected:
  void expect_refused(std::vector<BatchRow> rows, const std::string& message, std::size_t logits_rows = 8) {
    std::vector<float> logits(logits_rows * 40, 1.5F);
    const std::span<const PageId> pages[] = {first_, second_};
    const Status status = model_->forward({.rows = rows, .pages = pages}, kv_, logits);
    ASSERT_FALSE(status.is_ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(status.error().message.find(message), std::string::npos) << status.error().message;
    EXPECT_EQ(logits, std::vector<float>(logits.size(), 1.5F));
  }

  TinyModel tiny_;
  std::unique_ptr<Model> model_ = load_tiny(tiny_, 8);
  KvPages kv_ = KvPages::allocate(model_->kv_shape(KvDType::kF32), 4).value();
  std::vector<PageId> first_ = {0, 1};
  std::vector<PageId> second_ = {2, 4};  // there is no page 4
};

TEST_F(ForwardRefuses, too_many_rows) {
  std::vector<BatchRow> rows;
  for (std::uint32_t i = 0; i < 9; ++i) rows.push_back({1, i, 0, false});
  expect_refused(rows, "batch of 9 rows, want at most 8");
}

TEST_F(ForwardRefuses, tokens_out_of_range) {
  expect_refused({{-1, 0, 0, true}}, "batch row 0: token -1, want 0 to 39");
  expect_refused({{3, 0, 0, true}, {40, 1, 0, true}}, "batch row 1: token 40, want 0 to 39");
}

TEST_F(ForwardRefuses, positions_past_the_context) {
  expect_refused({{1, 128, 0, true}}, "batch row 0: position 128, want less than the context of 128");
}

TEST_F(ForwardRefuses, unknown_sequences) {
  expect_refused({{1, 0, 2, true}}, "batch row 0: sequence 2 of 2");
}

TEST_F(ForwardRefuses, rows_that_do_not_follow_each_other) {
  expect_refused({{1, 0, 0, true}, {1, 2, 0, true}}, "batch row 1: position 2, want 1");
  expect_refused({{1, 0, 0, true}, {1, 0, 1, true}, {1, 1, 0, true}}, "batch row 2: sequence 0 again");
  // The successor of the last position wraps to 0.
  expect_refused({{1, std::numeric_limits<std::uint32_t>::max(), 0, true}}, "want less than the context");
}

TEST_F(ForwardRefuses, positions_without_a_page) {
  expect_refused({{1, 64, 0, true}}, "batch row 0: 2 pages, want 3 for position 64");
  expect_refused({{1, 0, 0, true}, {1, 32, 1, true}}, "batch row 1: page 4, want less than 4");
}

TEST_F(ForwardRefuses, logits_that_do_not_fit) {
  expect_refused({{1, 0, 0, true}, {1, 1, 0, true}}, "logits: room for 40 numbers, want 2 rows of 40", 1);
}

TEST_F(ForwardRefuses, pages_of_another_model) {
  TinyModel other({.layers = 1});
  kv_ = KvPages::allocate(load_tiny(other)->kv_shape(KvDType::kF32), 4).value();
  expect_refused({{1, 0, 0, true}}, "KV pages of 1 layers, 2 heads of 4, want 2 layers, 2 heads of 4");
}

}  // namespace
}  // namespace sixfold::test
