// Attention is right on every instruction set, and a row's bits do not depend on its company.
#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "kernels/attention_checks.h"
#include "kernels/every_isa.h"

namespace sixfold::kernels {
namespace {

class Attention : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!checks::row_named(GetParam()).usable()) GTEST_SKIP() << "this CPU does not run " << GetParam();
    ASSERT_TRUE(select_isa(GetParam()).is_ok());
  }
  void TearDown() override { ASSERT_TRUE(select_isa("").is_ok()); }
};

TEST_P(Attention, agrees_with_double_for_random_shapes) {
  WorkerPool pool(2);
  EXPECT_EQ(checks::check_attention_values(pool, 60), "");
}

TEST_P(Attention, bits_of_a_row_do_not_depend_on_how_the_batch_was_cut) {
  WorkerPool pool(2);
  EXPECT_EQ(checks::check_attention_bits(pool, 24), "");
}

TEST_P(Attention, bits_do_not_depend_on_the_number_of_workers) {
  checks::Random random(21);
  for (const KvDType dtype : checks::kKvDTypes) {
    for (const bool is_causal : {true, false}) {
      const checks::AttentionShape shape{.kv_heads = 2,
                                         .group = 3,
                                         .head_dim = 64,
                                         .page_tokens = 32,
                                         .window = 0,
                                         .dtype = dtype,
                                         .softcap = is_causal ? 0.0f : 2.0f,
                                         .is_causal = is_causal};
      checks::AttentionScene scene(
          random, shape, {checks::sequence_of(33, 90), checks::sequence_of(2200, 1), checks::sequence_of(0, 50)});
      std::vector<float> first;
      for (std::size_t workers = 1; workers <= 5; ++workers) {
        WorkerPool pool(workers);
        scene.store_all(pool);
        const std::vector<float> out = scene.attend(pool);
        if (workers == 1) first = out;
        ASSERT_EQ(std::memcmp(out.data(), first.data(), out.size() * sizeof(float)), 0) << workers;
      }
      EXPECT_EQ(scene.compare_with_double(first), "");
    }
  }
}

// Rows of decoding take several kv heads at once; which ones depends on the number of workers and of other rows.
TEST_P(Attention, few_rows_over_many_kv_heads_are_the_same_bits_in_any_division) {
  checks::Random random(23);
  for (const KvDType dtype : checks::kKvDTypes) {
    for (const std::size_t window : {std::size_t{0}, std::size_t{300}}) {
      const checks::AttentionShape shape{
          .kv_heads = 5, .group = 2, .head_dim = 80, .page_tokens = 32, .window = window, .dtype = dtype};
      checks::AttentionScene scene(
          random, shape, {checks::sequence_of(3000, 1), checks::sequence_of(700, 8), checks::sequence_of(64, 9)});
      std::vector<float> first;
      for (const std::size_t workers : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
        WorkerPool pool(workers);
        scene.store_all(pool);
        for (const std::size_t rows_per_call : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
          const std::vector<float> out = scene.attend(pool, rows_per_call);
          if (first.empty()) first = out;
          ASSERT_EQ(std::memcmp(out.data(), first.data(), out.size() * sizeof(float)), 0) << workers;
        }
      }
      EXPECT_EQ(scene.compare_with_double(first), "");
    }
  }
}

// More heads than a tile has queries, as in multi-query models.
TEST_P(Attention, one_kv_head_may_serve_very_many_heads) {
  WorkerPool pool(1);
  checks::Random random(22);
  const checks::AttentionShape shape{
      .kv_heads = 1, .group = 71, .head_dim = 16, .page_tokens = 32, .window = 0, .dtype = KvDType::kF16};
  checks::AttentionScene scene(random, shape, {checks::sequence_of(5, 40)});
  scene.store_all(pool);
  EXPECT_EQ(scene.compare_with_double(scene.attend(pool)), "");
}

// About as in a model: most elements small, some large.
std::vector<float> bell_curve(checks::Random& random, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) {
    for (int i = 0; i < 6; ++i) value += random.between(-1, 1);
  }
  return values;
}

TEST_P(Attention, fixed_point_is_as_precise_as_f16) {
  WorkerPool pool(1);
  double errors[2] = {};
  for (const KvDType dtype : {KvDType::kF16, KvDType::kI16}) {
    checks::Random random(24);
    const checks::AttentionShape shape{.kv_heads = 1, .group = 4, .head_dim = 128, .dtype = dtype};
    checks::AttentionSequence sequence = checks::sequence_of(500, 20);
    sequence.k = bell_curve(random, 520 * shape.head_dim);
    sequence.v = bell_curve(random, 520 * shape.head_dim);
    checks::AttentionScene scene(random, shape, {sequence}, checks::Reference::kExact);
    scene.queries() = bell_curve(random, scene.queries().size());
    scene.store_all(pool);
    errors[dtype == KvDType::kI16] = scene.error_of(scene.attend(pool));
  }
  EXPECT_GT(errors[0], 1e-6);  // the comparison sees something
  EXPECT_LT(errors[1], 1.25 * errors[0]);
}

// All codes as large as they get: sums of products that are as near to the ends of 32 bits as they come.
TEST_P(Attention, fixed_point_does_not_overflow) {
  WorkerPool pool(1);
  checks::Random random(25);
  for (const std::size_t head_dim : {std::size_t{32}, std::size_t{34}, std::size_t{128}}) {
    for (const float sign : {1.0f, -1.0f}) {
      const checks::AttentionShape shape{.head_dim = head_dim, .dtype = KvDType::kI16};
      checks::AttentionSequence sequence = checks::sequence_of(200, 40);
      sequence.k.assign(240 * head_dim, 3.0f * sign);
      sequence.v.assign(240 * head_dim, -7.0f * sign);
      checks::AttentionScene scene(random, shape, {sequence});
      scene.queries().assign(scene.queries().size(), 5.0f);
      scene.store_all(pool);
      EXPECT_EQ(scene.compare_with_double(scene.attend(pool)), "");
    }
  }
}

// Values that differ much in size: the key with nearly all of the weight has next to none, as in attention sinks.
TEST_P(Attention, fixed_point_keeps_values_of_very_different_sizes) {
  WorkerPool pool(1);
  checks::Random random(26);
  for (const float sink : {0.0f, 1e-30f, 1e-6f, 1e6f}) {
    const checks::AttentionShape shape{.head_dim = 64, .dtype = KvDType::kI16};
    checks::AttentionSequence sequence = checks::sequence_of(600, 40);
    sequence.k = random.floats(640 * shape.head_dim, -1, 1);
    sequence.v = random.floats(640 * shape.head_dim, -1, 1);
    for (std::size_t d = 0; d < shape.head_dim; ++d) {
      sequence.k[5 * shape.head_dim + d] = 1.5f;  // a score of some 12 more than others have
      sequence.v[5 * shape.head_dim + d] *= sink;
      sequence.k[7 * shape.head_dim + d] = 0;
    }
    checks::AttentionScene scene(random, shape, {sequence});
    scene.queries().assign(scene.queries().size(), 1.0f);
    scene.store_all(pool);
    if (sink <= 1) {
      EXPECT_EQ(scene.compare_with_double(scene.attend(pool)), "") << sink;
    } else {
      EXPECT_LT(scene.error_of(scene.attend(pool)), 1e-4 * sink) << sink;
    }
  }
}

// Rows that see the key get no numbers, all others the same bits as without it; also where it is all that a row sees of
// a segment.
TEST_P(Attention, what_is_not_finite_stays_with_the_rows_that_see_it) {
  WorkerPool pool(1);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const KvDType dtype : checks::kKvDTypes) {
    for (const float wrong : {kNan, kInfinity, -kInfinity}) {
      // The other types lose an infinite key whose score is minus infinity, and spoil one element with a value.
      if (dtype != KvDType::kI16 && !std::isnan(wrong)) continue;
      for (const bool is_key : {true, false}) {
        for (const std::size_t window : {std::size_t{0}, std::size_t{9}}) {
          constexpr std::size_t kPast = 500;
          constexpr std::size_t kRows = 40;
          constexpr std::size_t kWrongRow = 12;  // position 512, the first of a segment
          const checks::AttentionShape shape{.head_dim = 40, .window = window, .dtype = dtype};
          checks::Random random(27);
          checks::AttentionSequence sequence = checks::sequence_of(kPast, kRows);
          sequence.k = random.floats((kPast + kRows) * shape.head_dim, -1, 1);
          sequence.v = random.floats((kPast + kRows) * shape.head_dim, -1, 1);
          checks::Random same = random;
          checks::AttentionScene good(random, shape, {sequence});
          (is_key ? sequence.k : sequence.v)[(kPast + kWrongRow) * shape.head_dim + 3] = wrong;
          checks::AttentionScene bad(same, shape, {sequence}, checks::Reference::kExact);
          good.store_all(pool);
          bad.store_all(pool);
          const std::vector<float> want = good.attend(pool);
          const std::vector<float> got = bad.attend(pool);
          for (std::size_t row = 0; row < kRows; ++row) {
            SCOPED_TRACE(testing::Message() << shape.text() << "row " << row << (is_key ? ", key" : ", value"));
            const float* const out = bad.row_of(got, row);
            if (row >= kWrongRow && (window == 0 || row < kWrongRow + window)) {
              EXPECT_TRUE(std::isnan(out[3]));
              EXPECT_TRUE(std::isnan(out[20]) || (!is_key && dtype != KvDType::kI16));
            } else {
              EXPECT_EQ(std::memcmp(out, good.row_of(want, row), shape.head_dim * sizeof(float)), 0);
            }
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Attention, testing::ValuesIn(checks::compiled_isas()),
                         [](const auto& tested) { return tested.param; });

TEST(AttentionEdge, empty_batch_is_nothing_to_do) {
  WorkerPool pool(2);
  std::byte memory[64];
  const KvLayerView kv{memory, sizeof(memory), 32, 1, 8, KvDType::kF32};
  store_kv(pool, {}, kv, nullptr, nullptr, 0);
  attention(pool, {}, kv, {.heads = 1, .scale = 1, .window = 0}, nullptr, 0, nullptr, 0);
}

TEST(AttentionEdge, scores_far_apart_do_not_overflow) {
  WorkerPool pool(1);
  // Keys of 1, 2 ... 40 times a large number against one query: the last key takes all the weight.
  constexpr std::size_t kTokens = 40;
  std::vector<std::byte> memory(2 * 64 * 8 * sizeof(float));
  const KvLayerView kv{memory.data(), memory.size(), 64, 1, 8, KvDType::kF32};
  std::vector<float> k(kTokens * 8);
  std::vector<float> v(kTokens * 8);
  for (std::size_t i = 0; i < k.size(); ++i) {
    k[i] = 1e4f * static_cast<float>(i / 8);
    v[i] = static_cast<float>(i / 8);
  }
  const std::uint32_t pages[] = {0};
  const AttentionSpan all{0, kTokens, 0, pages};
  store_kv(pool, {&all, 1}, kv, k.data(), v.data(), 8);
  const std::vector<float> q(kTokens * 8, 100.0f);
  std::vector<float> out(kTokens * 8);
  attention(pool, {&all, 1}, kv, {.heads = 1, .scale = 1, .window = 0}, q.data(), 8, out.data(), 8);
  for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], v[i]) << i;
}

}  // namespace
}  // namespace sixfold::kernels
