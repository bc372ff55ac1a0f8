// Matrix products with AVX-512 and VNNI: one vector serves all 16 rows of a tile.
#include <immintrin.h>

#include "kernels/matmul_table.h"

namespace sixfold::kernels {
namespace {

#include "kernels/body/matmul_common.inc"

constexpr std::size_t kRows = 16;
constexpr CodeForm kForm = CodeForm::kShifted;
constexpr std::size_t kTokensMax[] = {12, 16, 16, 12};
constexpr std::size_t kWidthMax = 2;
constexpr bool kUnpacksLate = false;

// Chosen on a Zen 4 whose cores read 30 GB/s each.  Up to two tokens of codes, and 2 to 4 of bytes and of larger
// weights, leave so little work for each line that the processor's own prefetching is best (with this, one token of
// 4-bit codes takes 1.4 times as long, 4 of F16 1.2 times); one token of bytes or F16 is faster with it all the same
// (1.06 times). More tokens keep the core busy between misses: there, asking far ahead frees the few first-level miss
// buffers (8 tokens of bytes: 0.7 times the time).
constexpr std::size_t kFarAhead = 8192;
constexpr std::size_t kNearAhead = 2048;
constexpr bool is_best_alone(Format format, std::size_t tokens) {
  const std::size_t bits = traits_of(format).bits;
  if (tokens == 1 && bits >= 8 && !is_float(format)) return false;
  return tokens <= (bits < 8 ? 2 : 4);
}
template <Format kFormat, std::size_t kTokens>
constexpr bool kAsksAhead = !is_best_alone(kFormat, kTokens);

#include "kernels/body/matmul_avx512.inc"
#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_float_sums.inc"
#include "kernels/body/matmul_forms.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

}  // namespace

extern const MatmulTable avx512_matmul;
const MatmulTable avx512_matmul = kTable;

}  // namespace sixfold::kernels
