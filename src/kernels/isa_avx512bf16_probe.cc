// The limit probes for x86 with the AVX-512 sets of isa_avx512_probe.cc, and BF16.
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = false;

// clang-format off
#include "kernels/body/probe_read.inc"
#include "kernels/body/probe_avx512.inc"
// clang-format on

SIXFOLD_LOOP(dot_int8, SIXFOLD_INT8)

#define SIXFOLD_BF16(n) "vdpbf16ps %%zmm30, %%zmm31, %%zmm" #n "\n"
SIXFOLD_LOOP(dot_bf16, SIXFOLD_BF16)

}  // namespace

extern const ProbeTable avx512bf16_probes;
constinit const ProbeTable avx512bf16_probes = {
    .int8_dot = {.operations_per_step = 16 * 128, .run = dot_int8},
    .int16_dot = {.operations_per_step = 16 * 64, .run = dot_int16},
    .bf16_dot = {.operations_per_step = 16 * 64, .run = dot_bf16},
    .f32_fma = {.operations_per_step = 16 * 32, .run = fma_f32},
    .read = read_words,
};

}  // namespace sixfold::kernels
