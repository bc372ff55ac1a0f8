// The limit probes for Armv8.2 with the integer dot product.  In assembly, because compilers spill accumulators that an
// empty loop seems to waste.
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = false;
#include "kernels/body/probe_read.inc"

// Sixteen accumulators hide the latency of one; zeros keep the floats out of slow numbers.
#define SIXFOLD_16(op) \
  op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23)
#define SIXFOLD_CLEAR(n) "movi v" #n ".16b, #0\n"
#define SIXFOLD_INT8(n) "sdot v" #n ".4s, v30.16b, v31.16b\n"
#define SIXFOLD_INT16(n) "smlal v" #n ".4s, v30.4h, v31.4h\n"
#define SIXFOLD_F32(n) "fmla v" #n ".4s, v30.4s, v31.4s\n"
#define SIXFOLD_LOOP(name, op)                                                                                     \
  void name(std::size_t steps) {                                                                                   \
    asm volatile(SIXFOLD_16(SIXFOLD_CLEAR) SIXFOLD_CLEAR(30)                                                       \
                     SIXFOLD_CLEAR(31) "1:\n" SIXFOLD_16(op) "subs %0, %0, #1\nb.ne 1b\n"                          \
                 : "+r"(steps)                                                                                     \
                 :                                                                                                 \
                 : "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", \
                   "v22", "v23", "v30", "v31");                                                                    \
  }

SIXFOLD_LOOP(dot_int8, SIXFOLD_INT8)
SIXFOLD_LOOP(dot_int16, SIXFOLD_INT16)
SIXFOLD_LOOP(fma_f32, SIXFOLD_F32)

}  // namespace

extern const ProbeTable neon_probes;
constinit const ProbeTable neon_probes = {
    .int8_dot = {.operations_per_step = 16 * 32, .run = dot_int8},
    .int16_dot = {.operations_per_step = 16 * 8, .run = dot_int16},
    .bf16_dot = {},
    .f32_fma = {.operations_per_step = 16 * 8, .run = fma_f32},
    .read = read_words,
};

}  // namespace sixfold::kernels
