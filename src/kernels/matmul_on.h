// matmul on a given instruction set, for the tests and benchmarks that compare instruction sets.
#pragma once
#include "kernels/dispatch.h"
#include "kernels/matmul.h"

namespace sixfold::kernels {

// As matmul, which calls it with the active one.
void matmul_on(const IsaRow& isa, WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets);

}  // namespace sixfold::kernels
