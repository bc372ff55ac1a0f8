// The limit probes for x86 with AMX: products of whole tiles; what AMX cannot is that of isa_avx512bf16_probe.cc.
#include "kernels/matmul_table.h"
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = true;

// clang-format off
#include "kernels/body/matmul_common.inc"
#include "kernels/body/amx.inc"
#include "kernels/body/probe_read.inc"
#include "kernels/body/probe_avx512.inc"
// clang-format on

constexpr TileShapes kShapes = {.row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

// Six sums that do not wait for each other.  multiply(sums, inputs, weights)
template <class Multiply>
SIXFOLD_INLINE void repeat(std::size_t steps, const Multiply& multiply) {
  constexpr std::size_t kChains = 6;
  const Shapes shapes(kShapes);
  unroll<kRegisters>([](auto i) SIXFOLD_INLINE_LAMBDA { clear_tile<i>(); });
  for (; steps > 0; --steps) {
    unroll<kChains>([&](auto i) SIXFOLD_INLINE_LAMBDA { multiply(i, Index<kChains>{}, Index<kChains + 1>{}); });
  }
}

void tiles_of_int8(std::size_t steps) {
  repeat(steps, [](auto sums, auto inputs, auto weights)
                    SIXFOLD_INLINE_LAMBDA { add_int8_products<sums, inputs, weights>(); });
}

void tiles_of_bf16(std::size_t steps) {
  repeat(steps, [](auto sums, auto inputs, auto weights)
                    SIXFOLD_INLINE_LAMBDA { add_bf16_products<sums, inputs, weights>(); });
}

}  // namespace

extern const ProbeTable amx_probes;
constinit const ProbeTable amx_probes = {
    .int8_dot = {.operations_per_step = 6 * 16 * 16 * 128, .run = tiles_of_int8},
    .int16_dot = {.operations_per_step = 16 * 64, .run = dot_int16},
    .bf16_dot = {.operations_per_step = 6 * 16 * 16 * 64, .run = tiles_of_bf16},
    .f32_fma = {.operations_per_step = 16 * 32, .run = fma_f32},
    .read = read_words,
};

}  // namespace sixfold::kernels
