// The kernels for Armv8.2 with NEON.
#include <arm_neon.h>

#include "kernels/kernel_table.h"

namespace sixfold::kernels {
namespace {

// In this order: each uses the one before.
// clang-format off
#include "kernels/body/vec_neon.inc"
#include "kernels/body/vector_ops.inc"
#include "kernels/body/attention_keys.inc"
#include "kernels/body/attention_rows.inc"
#include "kernels/body/attention_softmax.inc"
#include "kernels/body/attention_float.inc"
#include "kernels/body/attention.inc"
#include "kernels/body/table.inc"
// clang-format on

}  // namespace

extern const KernelTable neon_kernels;
constinit const KernelTable neon_kernels = kTable;

}  // namespace sixfold::kernels
