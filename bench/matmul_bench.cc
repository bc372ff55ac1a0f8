// Times matrix products beside what the machine can do in the same seconds: integer dot products per second (or float
// ones for float weights), and bytes read per second.
//   matmul_bench [--threads=N] [--types=Q8_0,Q4_K] [--tokens=1,16] [--cols=2048] [--rounds=7]
// Small batches run over weights far larger than the caches, large ones over one layer's worth.
#include <fmt/format.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "kernels/isa.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"

namespace sixfold::kernels {
namespace {

// On one thread its processor time, which a busy machine does not stretch; else time on the wall.
bool counts_processor_time = true;

double now_seconds() {
  timespec time{};
  ::clock_gettime(counts_processor_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class Work>
double seconds_of(const Work& work) {
  const double begin = now_seconds();
  work();
  return now_seconds() - begin;
}

#if defined(__x86_64__)
constexpr long kPeakSteps = 400'000;

// Sixteen independent dot products a step; what one instruction can do, nothing else in the way.
__attribute__((target("avx512f,avx512vnni"))) void dot_steps(long steps) {
#define SIXFOLD_DOT(n) "vpdpbusd %%zmm30, %%zmm31, %%zmm" #n "\n"
  asm volatile("1:\n" SIXFOLD_DOT(0) SIXFOLD_DOT(1) SIXFOLD_DOT(2) SIXFOLD_DOT(3) SIXFOLD_DOT(4) SIXFOLD_DOT(5)
                   SIXFOLD_DOT(6) SIXFOLD_DOT(7) SIXFOLD_DOT(8) SIXFOLD_DOT(9) SIXFOLD_DOT(10) SIXFOLD_DOT(11)
                       SIXFOLD_DOT(12) SIXFOLD_DOT(13) SIXFOLD_DOT(14) SIXFOLD_DOT(15) "dec %0\njnz 1b\nvzeroupper\n"
               : "+r"(steps)
               :
               : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                 "xmm12", "xmm13", "xmm14", "xmm15", "xmm30", "xmm31");
#undef SIXFOLD_DOT
}

// Billions of int8 operations per second and thread (a product and a sum are two); 0 where there is no such
// instruction.
double dot_peak_gops() {
  if (!__builtin_cpu_supports("avx512vnni")) return 0;
  return 16 * 128.0 * kPeakSteps / seconds_of([] { dot_steps(kPeakSteps); }) / 1e9;
}
#else
double dot_peak_gops() {
  return 0;
}
#endif

// Exclusive or of a buffer, read as fast as one core can.
constexpr std::size_t kProbeBytes = std::size_t{256} << 20;
using Line = std::uint64_t __attribute__((vector_size(64)));
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
std::uint64_t
fold(const std::uint64_t* words) {
  Line sums[4] = {};
  const auto* lines = reinterpret_cast<const Line*>(words);
  for (std::size_t i = 0; i < kProbeBytes / sizeof(Line); i += 4) {
    for (std::size_t j = 0; j < 4; ++j) {
      __builtin_prefetch(lines + i + j + 64);
      sums[j] ^= lines[i + j];
    }
  }
  const Line sum = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
  return sum[0] ^ sum[1] ^ sum[2] ^ sum[3] ^ sum[4] ^ sum[5] ^ sum[6] ^ sum[7];
}

// One thread reads a buffer from end to end, on huge pages like the weights.
class ReadProbe {
 public:
  ReadProbe() {
    void* map = ::mmap(nullptr, kBytes + kHugePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SIXFOLD_CHECK(map != MAP_FAILED);
    const auto address = reinterpret_cast<std::uintptr_t>(map);
    words_ = reinterpret_cast<std::uint64_t*>((address + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes);
    ::madvise(words_, kBytes, MADV_HUGEPAGE);
    for (std::size_t i = 0; i < kWords; ++i) words_[i] = i;
  }

  double gb_per_second() {
    return static_cast<double>(kBytes) / 1e9 / seconds_of([this] { sink_ = sink_ ^ fold(words_); });
  }

 private:
  static constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
  static constexpr std::size_t kBytes = kProbeBytes;
  static constexpr std::size_t kWords = kBytes / sizeof(std::uint64_t);
  std::uint64_t* words_ = nullptr;  // lives as long as the program
  volatile std::uint64_t sink_ = 0;
};

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

struct Best {
  double gops = 0;
  double weight_gb_s = 0;
  double peak_gops = 0;  // of all threads
  double read_gb_s = 0;  // of one thread
};

void measure(const Options& options, DType dtype, std::size_t tokens, ReadProbe& probe, WorkerPool& pool) {
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
  std::vector<float> out(tokens * rows);

  Activations activations;
  const auto multiply = [&] {
    activations.assign(x.data(), tokens, options.cols);
    matmul(pool, activations, *packed, out.data(), rows);
  };
  multiply();
  Best best;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    best.peak_gops = std::max(best.peak_gops, dot_peak_gops() * static_cast<double>(options.threads));
    best.read_gb_s = std::max(best.read_gb_s, probe.gb_per_second());
    const double seconds = seconds_of(multiply);
    best.gops = std::max(best.gops, 2.0 * static_cast<double>(rows * options.cols * tokens) / seconds / 1e9);
    best.weight_gb_s = std::max(best.weight_gb_s, static_cast<double>(packed->bytes()) / seconds / 1e9);
  }
  // Float products run at a quarter of the integer rate at best.
  const double peak = best.peak_gops / (dtype_info(dtype).block_elements == 1 ? 4 : 1);
  fmt::print("{:7} N={:<4} {:7.1f} GOPS  {:5.1f} % of {:6.1f}   {:6.2f} GB/s  {:5.1f} % of {:5.2f}\n",
             dtype_info(dtype).name, tokens, best.gops, peak > 0 ? 100 * best.gops / peak : 0, peak, best.weight_gb_s,
             100 * best.weight_gb_s / best.read_gb_s, best.read_gb_s);
  std::fflush(stdout);
}

}  // namespace
}  // namespace sixfold::kernels

int main(int count, char** arguments) {
  using namespace sixfold::kernels;
  const Options options = options_from(count, arguments);
  fmt::print("{}; {} threads, {} columns, best of {} rounds; read rate of one thread\n", active_isa(), options.threads,
             options.cols, options.rounds);
  counts_processor_time = options.threads == 1;
  ReadProbe probe;
  WorkerPool pool(options.threads);
  for (const std::string_view type : options.types) {
    const auto dtype = dtype_named(type);
    if (!dtype) {
      fmt::print("{}: not a type we read\n", type);
      return 1;
    }
    for (const std::size_t tokens : options.tokens) measure(options, *dtype, tokens, probe, pool);
  }
  return 0;
}
