// Times the loops of the active instruction set on all threads of a pool.
#include "kernels/limit_probe.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "kernels/cache_size.h"
#include "kernels/dispatch.h"
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kStepBytes = kProbeReadWords * sizeof(std::uint64_t);
constexpr std::size_t kReadBytesMin = std::size_t{64} << 20;  // of one thread in one measurement
constexpr std::size_t kMemoryBytesMin = std::size_t{512} << 20;
constexpr std::size_t kOperationsWanted = std::size_t{1} << 30;  // some milliseconds of one thread
constexpr std::size_t kStepsMin = 1024;                          // of a piece, where a step is a great many operations

constexpr std::size_t kPieces = 8;  // of a thread's work

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::size_t system_value(int name) {
  const long value = ::sysconf(name);
  return value > 0 ? static_cast<std::size_t>(value) : 0;
}

const ProbeLoop& loop_of(const ProbeTable& probes, Arithmetic kind) {
  switch (kind) {
    case Arithmetic::kInt8Dot:
      return probes.int8_dot;
    case Arithmetic::kInt16Dot:
      return probes.int16_dot;
    case Arithmetic::kBf16Dot:
      return probes.bf16_dot;
    default:
      return probes.f32_fma;
  }
}

}  // namespace

Result<LimitProbe> LimitProbe::make(WorkerPool& pool, std::size_t read_bytes, const Clock& clock) {
  // Parts of whole huge pages, unless they are to fit a cache.
  const std::size_t per_thread = (read_bytes + pool.size() - 1) / pool.size();
  const std::size_t part = round_up(per_thread, per_thread < kHugePageBytes ? kStepBytes : kHugePageBytes);
  auto buffer = HugeBuffer::allocate(part * pool.size());
  if (!buffer.is_ok()) return with_context(std::move(buffer).error(), "limits");
  pool.for_tasks(pool.size(), [&](std::size_t task, std::size_t) {
    std::memset(buffer->data() + task * part, static_cast<int>(task + 1), part);
  });
  return LimitProbe(pool, clock, *std::move(buffer), part);
}

LimitProbe::LimitProbe(WorkerPool& pool, const Clock& clock, HugeBuffer bytes, std::size_t bytes_per_thread)
    : pool_(&pool), clock_(&clock), bytes_(std::move(bytes)), bytes_per_thread_(bytes_per_thread) {}

double LimitProbe::read_bytes_per_s() {
  const auto read = active_isa_row().probes->read;
  const std::size_t passes = std::max<std::size_t>(1, kReadBytesMin / bytes_per_thread_);
  // A part that is read once is cut, so that a thread that comes late is helped; one that stays in a cache is not.
  const std::size_t pieces = passes == 1 ? kPieces : 1;
  const std::size_t piece_bytes = bytes_per_thread_ / pieces;
  const TimePoint begin = clock_->now();
  pool_->for_tasks(pool_->size() * pieces, [&](std::size_t task, std::size_t) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(bytes_.data() + task * piece_bytes);
    for (std::size_t pass = 0; pass < passes; ++pass) {
      const volatile std::uint64_t sink = read(words, piece_bytes / sizeof(std::uint64_t));
      (void)sink;
    }
  });
  return static_cast<double>(passes * bytes_per_thread_ * pool_->size()) / seconds_between(begin, clock_->now());
}

std::optional<double> LimitProbe::operations_per_s(Arithmetic kind) {
  const ProbeLoop& loop = loop_of(*active_isa_row().probes, kind);
  if (loop.run == nullptr) return std::nullopt;
  const std::size_t steps = std::max(kStepsMin, kOperationsWanted / kPieces / loop.operations_per_step);
  const std::size_t tasks = pool_->size() * kPieces;
  // A processor may take half a millisecond until it multiplies wide vectors at full speed.
  pool_->for_tasks(tasks, [&](std::size_t, std::size_t) { loop.run(steps); });
  const TimePoint begin = clock_->now();
  pool_->for_tasks(tasks, [&](std::size_t, std::size_t) { loop.run(steps); });
  return static_cast<double>(tasks * steps * loop.operations_per_step) / seconds_between(begin, clock_->now());
}

std::size_t memory_probe_bytes() {
  const std::size_t wanted = std::max(kMemoryBytesMin, 8 * cache_bytes(3));
  const std::size_t memory = system_value(_SC_PHYS_PAGES) * system_value(_SC_PAGESIZE);
  return memory == 0 ? wanted : std::min(wanted, memory / 8);
}

}  // namespace sixfold::kernels
