// Row-wise steps on all workers, when that is worth waking them.
#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/worker_pool.h"

namespace sixfold::model {

// Runs body(row) for every row in [0, rows).  row_elements: numbers that body touches.
template <class Body>
void for_rows(kernels::WorkerPool& pool, std::size_t rows, std::size_t row_elements, const Body& body) {
  // About 10 microseconds of one core: several times what a parallel region costs.
  constexpr std::size_t kElementsToShare = 1 << 15;
  // About 3 microseconds: far longer than it takes to take a task.
  constexpr std::size_t kTaskElements = 1 << 13;
  if (rows * row_elements < kElementsToShare) {
    for (std::size_t r = 0; r < rows; ++r) body(r);
    return;
  }
  const std::size_t task_rows = kTaskElements / row_elements + 1;
  pool.for_tasks((rows + task_rows - 1) / task_rows, [&](std::size_t task, std::size_t) {
    for (std::size_t r = task * task_rows; r < std::min(rows, (task + 1) * task_rows); ++r) body(r);
  });
}

}  // namespace sixfold::model
