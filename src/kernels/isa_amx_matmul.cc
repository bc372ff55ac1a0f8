// Matrix products on processors with AMX, of few tokens: those of isa_avx512_matmul.cc, except that sums of
// super-blocks are exact, and what is prefetched.
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

#include "kernels/body/amx_ahead.inc"
#include "kernels/body/matmul_avx512.inc"
#include "kernels/body/matmul_exact_sums.inc"
#include "kernels/body/matmul_fixed.inc"
#include "kernels/body/matmul_float.inc"
#include "kernels/body/matmul_forms.inc"
#include "kernels/body/matmul_int8.inc"
#include "kernels/body/matmul_table.inc"

// Groups of tiles of AMX are large, and so are second-level caches: 2 MiB.
constexpr MatmulTable make_own_table() {
  MatmulTable table = kTable;
  table.together_bytes = std::size_t{2} << 20;
  table.group_bytes = std::size_t{2} << 20;
  table.past_caches_bytes = std::size_t{1} << 20;
  return table;
}
constexpr MatmulTable kOwnTable = make_own_table();

}  // namespace

extern const MatmulTable amx_vector_matmul;
const MatmulTable amx_vector_matmul = kOwnTable;

}  // namespace sixfold::kernels
