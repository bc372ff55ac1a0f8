// The limit probes for x86 with AVX-512 F, BW, VL, DQ and VNNI.
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = false;

// clang-format off
#include "kernels/body/probe_read.inc"
#include "kernels/body/probe_avx512.inc"
// clang-format on

SIXFOLD_LOOP(dot_int8, SIXFOLD_INT8)

}  // namespace

extern const ProbeTable avx512_probes;
constinit const ProbeTable avx512_probes = {
    .int8_dot = {.operations_per_step = 16 * 128, .run = dot_int8},
    .int16_dot = {.operations_per_step = 16 * 64, .run = dot_int16},
    .bf16_dot = {},
    .f32_fma = {.operations_per_step = 16 * 32, .run = fma_f32},
    .read = read_words,
};

}  // namespace sixfold::kernels
