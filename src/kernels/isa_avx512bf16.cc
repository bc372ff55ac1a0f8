// The kernels for x86 with AVX-512 F, BW, VL, DQ, VNNI and BF16: those of isa_avx512.cc, and attention to bf16 keys and
// values by dot products of pairs.
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace sixfold::kernels {
namespace {

// In this order: each uses the one before.
// clang-format off
#include "kernels/body/vec_avx512.inc"
#include "kernels/body/vector_ops.inc"
#include "kernels/body/attention_keys.inc"
#include "kernels/body/attention_rows.inc"
#include "kernels/body/attention_softmax.inc"
#include "kernels/body/attention_float.inc"
#include "kernels/body/attention_fixed.inc"
#include "kernels/body/attention.inc"
#include "kernels/body/table.inc"
// clang-format on

}  // namespace

extern const KernelTable avx512bf16_kernels;
constinit const KernelTable avx512bf16_kernels = kTable;

}  // namespace sixfold::kernels
