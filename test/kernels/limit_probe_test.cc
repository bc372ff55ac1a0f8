// The limit probes read what they say, on every instruction set, and give numbers that can be compared.
#include "kernels/limit_probe.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "kernels/every_isa.h"
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

class ProbeOf : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!checks::row_named(GetParam()).usable()) GTEST_SKIP() << "this CPU does not run " << GetParam();
  }
  const ProbeTable& probes() const { return *checks::row_named(GetParam()).probes; }
};

TEST_P(ProbeOf, reads_every_word_once) {
  alignas(64) std::array<std::uint64_t, 5 * kProbeReadWords> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = (i + 1) * 0x9e3779b97f4a7c15u;
  for (std::size_t count = 0; count <= words.size(); count += kProbeReadWords) {
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < count; ++i) expected ^= words[i];
    EXPECT_EQ(probes().read(words.data(), count), expected) << count;
  }
}

TEST_P(ProbeOf, loops_end_and_count_their_operations) {
  for (const ProbeLoop* loop : {&probes().int8_dot, &probes().int16_dot, &probes().bf16_dot, &probes().f32_fma}) {
    EXPECT_EQ(loop->run != nullptr, loop->operations_per_step > 0);
    if (loop->run == nullptr) continue;
    loop->run(1);
    loop->run(1000);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, ProbeOf, testing::ValuesIn(checks::compiled_isas()),
                         [](const auto& tested) { return tested.param; });

TEST(LimitProbe, measures_reading_and_products_on_several_threads) {
  for (const std::size_t threads : {1, 3}) {
    WorkerPool pool(threads);
    auto probe = LimitProbe::make(pool, std::size_t{8} << 20, system_clock());
    ASSERT_TRUE(probe.is_ok()) << probe.error().message;
    EXPECT_GT(probe->read_bytes_per_s(), 0);
    const auto int8_rate = probe->operations_per_s(Arithmetic::kInt8Dot);
    const auto f32_rate = probe->operations_per_s(Arithmetic::kF32Fma);
    EXPECT_EQ(int8_rate.has_value(), active_isa() != "scalar");
    EXPECT_EQ(f32_rate.has_value(), active_isa() != "scalar");
    EXPECT_GT(int8_rate.value_or(1), 0);
    EXPECT_GT(f32_rate.value_or(1), 0);
  }
}

TEST(LimitProbe, too_much_memory_is_an_error) {
  WorkerPool pool(1);
  EXPECT_FALSE(LimitProbe::make(pool, std::size_t{1} << 60, system_clock()).is_ok());
}

}  // namespace
}  // namespace sixfold::kernels
