// A range of one matrix' tiles times all groups of input rows: what a worker does for matmul.
#pragma once
#include <cstddef>
#include <span>

#include "kernels/dispatch.h"
#include "kernels/matmul.h"
#include "kernels/matmul_table.h"

namespace sixfold::kernels {

// Some input rows in the form that the matrix reads.
struct TokenGroup {
  const std::byte* data;
  std::size_t tokens;  // one of kGroupSizes
  std::size_t first_row;
};

// The same input rows in the forms that a target's matrices read: as many groups, of the same rows.
struct TargetGroups {
  std::span<const TokenGroup> weights;
  std::span<const TokenGroup> gate;  // empty without a gate
};

// Writes the outputs of tiles [begin, end) of a target for all groups.
void multiply_tiles(const IsaRow& isa, const MatmulTarget& target, const TargetGroups& groups, std::size_t begin,
                    std::size_t end);

}  // namespace sixfold::kernels
