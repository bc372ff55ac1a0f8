// matmul on a given table, for the tests and benchmarks that compare instruction sets.
#pragma once
#include "kernels/matmul.h"
#include "kernels/matmul_table.h"

namespace sixfold::kernels {

// As matmul, which calls it with the active table.
void matmul_on(const MatmulTable& table, WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets);

}  // namespace sixfold::kernels
