// Row-wise steps on all workers, when that is worth waking them.
#pragma once
#include <cstddef>

#include "kernels/worker_pool.h"

namespace sixfold::model {

// Runs body(row) for every row in [0, rows).  row_elements: numbers that body touches.
template <class Body>
void for_rows(kernels::WorkerPool& pool, std::size_t rows, std::size_t row_elements, const Body& body) {
  // About 10 microseconds of one core: several times what a parallel region costs.
  constexpr std::size_t kElementsToShare = 1 << 15;
  if (rows == 1 || rows * row_elements < kElementsToShare) {
    for (std::size_t r = 0; r < rows; ++r) body(r);
    return;
  }
  pool.run([&](std::size_t worker) {
    const kernels::Share share = kernels::share_of(rows, 1, worker, pool.size());
    for (std::size_t r = share.begin; r < share.end; ++r) body(r);
  });
}

}  // namespace sixfold::model
