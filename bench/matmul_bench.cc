// Times matrix products beside what the machine can do in the same seconds: integer dot products per second (or float
// ones for float weights), and bytes read per second.
//   matmul_bench [--threads=N] [--types=Q8_0,Q4_K] [--tokens=1,16] [--cols=2048] [--rounds=7]
// Small batches run over weights far larger than the caches, large ones over one layer's worth.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "kernels/huge_buffer.h"
#include "kernels/isa.h"
#include "kernels/limit_probe.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"

namespace sixfold::kernels {
namespace {

// The processor time of the calling thread, which a busy machine does not stretch: for one thread that does all.
class ThreadClock final : public Clock {
 public:
  TimePoint now() const override {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec));
  }
  std::int64_t unix_seconds() const override { return system_clock().unix_seconds(); }
};

// What multiplies this type at best.
Arithmetic arithmetic_of(DType dtype) {
  if (dtype_info(dtype).block_elements > 1) return Arithmetic::kInt8Dot;
  if (dtype == DType::kF16) return Arithmetic::kInt16Dot;
  return dtype == DType::kBF16 ? Arithmetic::kBf16Dot : Arithmetic::kF32Fma;
}

double peak_of(LimitProbe& probe, DType dtype) {
  const auto peak = probe.operations_per_s(arithmetic_of(dtype));
  return peak ? *peak : probe.operations_per_s(Arithmetic::kF32Fma).value_or(0);
}

struct Options {
  std::size_t threads = 1;
  std::size_t rounds = 7;
  std::size_t cols = 2048;
  std::vector<std::size_t> tokens = {1, 2, 4, 8, 16, 128, 512};
  std::vector<std::string_view> types = {"Q8_0", "Q4_0", "Q4_K", "Q6_K", "BF16", "F32"};
};

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max<std::size_t>(value, 1);
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  for (std::size_t comma = 0; comma != std::string_view::npos; list.remove_prefix(std::min(comma + 1, list.size()))) {
    comma = list.find(',');
    parts.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) break;
  }
  return parts;
}

Options options_from(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const auto after = [&](std::string_view name) { return argument.substr(name.size()); };
    if (argument.starts_with("--threads=")) options.threads = number(after("--threads="));
    if (argument.starts_with("--rounds=")) options.rounds = number(after("--rounds="));
    if (argument.starts_with("--cols=")) options.cols = number(after("--cols="));
    if (argument.starts_with("--types=")) options.types = split(after("--types="));
    if (argument.starts_with("--tokens=")) {
      options.tokens.clear();
      for (const std::string_view part : split(after("--tokens="))) options.tokens.push_back(number(part));
    }
  }
  return options;
}

std::optional<DType> dtype_named(std::string_view name) {
  for (std::uint32_t id = 0; id < 64; ++id) {
    const auto dtype = dtype_from_gguf(id);
    if (dtype && dtype_info(*dtype).name == name) return dtype;
  }
  return std::nullopt;
}

// Bytes 0x20 .. 0x2f: whatever a type reads from them, scales are small and finite.
std::vector<std::byte> weight_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  std::mt19937 random(1);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(0x20 | (random() & 15));
  return bytes;
}

// Per second.
struct Best {
  double operations = 0;
  double weight_bytes = 0;
  double operations_limit = 0;
  double bytes_limit = 0;
};

void measure(const Options& options, DType dtype, std::size_t tokens, const Clock& clock, LimitProbe& probe,
             WorkerPool& pool) {
  constexpr std::size_t kStreamBytes = std::size_t{192} << 20;
  constexpr std::size_t kLayerRows = 4096;
  const std::size_t row_size = row_bytes(dtype, options.cols);
  const std::size_t rows = tokens <= 8 ? kStreamBytes / row_size : kLayerRows;
  const std::vector<std::byte> bytes = weight_bytes(rows * row_size);
  TensorView view{.name = "bench", .dtype = dtype, .shape = {}, .bytes = bytes};
  view.shape.rank = 2;
  view.shape.dims[0] = rows;
  view.shape.dims[1] = options.cols;
  auto packed = PackedMatrix::pack(view, pool);
  if (!packed) {
    fmt::print("{}\n", packed.error().message);
    return;
  }
  std::vector<float> x(tokens * options.cols);
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (float& value : x) value = normal(random);
  // As models lay out their rows: from line to line, an odd number of them apart.
  constexpr std::size_t kLineFloats = 16;
  const std::size_t stride = ((rows + kLineFloats - 1) / kLineFloats | 1) * kLineFloats;
  auto buffer = HugeBuffer::allocate(tokens * stride * sizeof(float));
  if (!buffer) {
    fmt::print("{}\n", buffer.error().message);
    return;
  }
  auto* const out = reinterpret_cast<float*>(buffer->data());

  Activations activations;
  const auto multiply = [&] {
    activations.assign(x.data(), tokens, options.cols, options.cols);
    matmul(pool, activations, *packed, out, stride);
  };
  multiply();
  Best best;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    best.operations_limit = std::max(best.operations_limit, peak_of(probe, dtype));
    best.bytes_limit = std::max(best.bytes_limit, probe.read_bytes_per_s());
    const TimePoint begin = clock.now();
    multiply();
    const double seconds = seconds_between(begin, clock.now());
    best.operations = std::max(best.operations, 2.0 * static_cast<double>(rows * options.cols * tokens) / seconds);
    best.weight_bytes = std::max(best.weight_bytes, static_cast<double>(packed->bytes()) / seconds);
  }
  const double share = best.operations_limit > 0 ? 100 * best.operations / best.operations_limit : 0;
  fmt::print("{:7} N={:<4} {:7.1f} GOPS  {:5.1f} % of {:6.1f}   {:6.2f} GB/s  {:5.1f} % of {:5.2f}\n",
             dtype_info(dtype).name, tokens, best.operations / 1e9, share, best.operations_limit / 1e9,
             best.weight_bytes / 1e9, 100 * best.weight_bytes / best.bytes_limit, best.bytes_limit / 1e9);
  std::fflush(stdout);
}

}  // namespace
}  // namespace sixfold::kernels

int main(int count, char** arguments) {
  using namespace sixfold::kernels;
  const Options options = options_from(count, arguments);
  fmt::print("{}; {} threads, {} columns, best of {} rounds\n", active_isa(), options.threads, options.cols,
             options.rounds);
  const ThreadClock thread_clock;
  const sixfold::Clock& clock =
      options.threads == 1 ? static_cast<const sixfold::Clock&>(thread_clock) : sixfold::system_clock();
  WorkerPool pool(options.threads);
  auto probe = LimitProbe::make(pool, memory_probe_bytes(), clock);
  if (!probe) {
    fmt::print("{}\n", probe.error().message);
    return 1;
  }
  for (const std::string_view type : options.types) {
    const auto dtype = dtype_named(type);
    if (!dtype) {
      fmt::print("{}: not a type we read\n", type);
      return 1;
    }
    for (const std::size_t tokens : options.tokens) measure(options, *dtype, tokens, clock, *probe, pool);
  }
  return 0;
}
