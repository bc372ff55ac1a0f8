// The kernels for x86 with AVX2, FMA and F16C.
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace sixfold::kernels {
namespace {

// In this order: each uses the one before.
// clang-format off
#include "kernels/body/vec_avx2.inc"
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

extern const KernelTable avx2_kernels;
constinit const KernelTable avx2_kernels = kTable;

}  // namespace sixfold::kernels
