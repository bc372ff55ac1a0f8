// What this machine can do at most, measured: how fast memory is read and products are summed when nothing else is in
// the way.
#pragma once
#include <cstddef>
#include <optional>

#include "core/clock.h"
#include "core/result.h"
#include "kernels/huge_buffer.h"
#include "kernels/worker_pool.h"

namespace sixfold::kernels {

enum class Arithmetic { kInt8Dot, kInt16Dot, kBf16Dot, kF32Fma };

// One caller at a time (the pool's).  A measurement takes some milliseconds.
class LimitProbe {
 public:
  // Reserves at least `read_bytes` in all, a contiguous part for each thread, which touches it first, so that on a
  // machine of several memories it lies near its reader.  Both references must outlive the object.
  // Errors: resource_exhausted.
  static Result<LimitProbe> make(WorkerPool& pool, std::size_t read_bytes, const Clock& clock);

  // Bytes per second of all threads together, each reading its part from end to end.
  double read_bytes_per_s();

  // Operations per second of all threads together (a product and a sum are two); nothing where the active instruction
  // set has no such instruction.
  std::optional<double> operations_per_s(Arithmetic kind);

 private:
  LimitProbe(WorkerPool& pool, const Clock& clock, HugeBuffer bytes, std::size_t bytes_per_thread);

  WorkerPool* pool_;
  const Clock* clock_;
  HugeBuffer bytes_;  // [threads, bytes_per_thread]
  std::size_t bytes_per_thread_;
};

// Enough that no cache helps: many times the last level, within an eighth of the memory.
std::size_t memory_probe_bytes();

}  // namespace sixfold::kernels
