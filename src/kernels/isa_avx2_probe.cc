// The limit probes for x86 with AVX2 and FMA.  In assembly, because compilers spill accumulators that an empty loop
// seems to waste.
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = false;
#include "kernels/body/probe_read.inc"

// Accumulators 0 to 9 hide the latency of one; zeros keep the floats out of slow numbers.
#define SIXFOLD_10(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9)
#define SIXFOLD_CLEAR(n) "vpxor %%ymm" #n ", %%ymm" #n ", %%ymm" #n "\n"
// 32 products of bytes, summed to 16 and then to 8 lanes: this set has no single instruction for it.
#define SIXFOLD_INT8(n)                    \
  "vpmaddubsw %%ymm14, %%ymm15, %%ymm10\n" \
  "vpmaddwd %%ymm10, %%ymm14, %%ymm11\n"   \
  "vpaddd %%ymm11, %%ymm" #n ", %%ymm" #n "\n"
// 16 products of words, summed to 8 lanes.
#define SIXFOLD_INT16(n)                 \
  "vpmaddwd %%ymm14, %%ymm15, %%ymm10\n" \
  "vpaddd %%ymm10, %%ymm" #n ", %%ymm" #n "\n"
#define SIXFOLD_F32(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n"
#define SIXFOLD_LOOP(name, op)                                                                                    \
  void name(std::size_t steps) {                                                                                  \
    asm volatile(SIXFOLD_10(SIXFOLD_CLEAR) SIXFOLD_CLEAR(14)                                                      \
                     SIXFOLD_CLEAR(15) "1:\n" SIXFOLD_10(op) "dec %0\njnz 1b\nvzeroupper\n"                       \
                 : "+r"(steps)                                                                                    \
                 :                                                                                                \
                 : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
                   "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");                                                  \
  }

SIXFOLD_LOOP(dot_int8, SIXFOLD_INT8)
SIXFOLD_LOOP(dot_int16, SIXFOLD_INT16)
SIXFOLD_LOOP(fma_f32, SIXFOLD_F32)

}  // namespace

extern const ProbeTable avx2_probes;
constinit const ProbeTable avx2_probes = {
    .int8_dot = {.operations_per_step = 10 * 64, .run = dot_int8},
    .int16_dot = {.operations_per_step = 10 * 32, .run = dot_int16},
    .bf16_dot = {},
    .f32_fma = {.operations_per_step = 10 * 16, .run = fma_f32},
    .read = read_words,
};

}  // namespace sixfold::kernels
