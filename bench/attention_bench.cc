// Times attention of one layer for every element type of keys and values: arithmetic per second for prompts, bytes of
// keys and values read per second for single rows.
//   attention_bench [--threads=N] [--heads=32] [--kv-heads=8] [--head-dim=64] [--context=512,8192] [--rows=1,64,512]
//                   [--rounds=5] [--types=f32,f16,bf16,i16]
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include "kernels/attention.h"
#include "kernels/huge_buffer.h"
#include "kernels/isa.h"

namespace sixfold::kernels {
namespace {

constexpr std::size_t kPageTokens = 32;

// On one thread its processor time, which a busy machine does not stretch; else time on the wall.
bool counts_processor_time = true;

double now_seconds() {
  timespec time{};
  ::clock_gettime(counts_processor_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct NamedType {
  std::string_view name;
  KvDType dtype;
};
constexpr NamedType kTypes[] = {
    {"f32", KvDType::kF32}, {"f16", KvDType::kF16}, {"bf16", KvDType::kBF16}, {"i16", KvDType::kI16}};

bool is_listed(std::string_view list, std::string_view name) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (list.substr(begin, end - begin) == name) return true;
    begin = end + 1;
  }
  return false;
}

struct Options {
  std::size_t threads = 1;
  std::size_t heads = 32;
  std::size_t kv_heads = 8;
  std::size_t head_dim = 64;
  std::size_t rounds = 5;
  std::string_view types = "f32,f16,bf16,i16";
  std::vector<std::size_t> contexts = {512, 8192};
  std::vector<std::size_t> rows = {1, 64, 512};
};

std::vector<std::size_t> numbers(std::string_view list) {
  std::vector<std::size_t> values;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::size_t value = 0;
    std::from_chars(list.data(), list.data() + comma, value);
    values.push_back(std::max<std::size_t>(value, 1));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return values;
}

Options options_from(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = std::min(argument.find('='), argument.size() - 1);
    const std::string_view name = argument.substr(0, equals);
    if (name == "--types") options.types = argument.substr(equals + 1);
    const std::vector<std::size_t> values = numbers(argument.substr(equals + 1));
    if (values.empty()) continue;
    if (name == "--threads") options.threads = values.front();
    if (name == "--heads") options.heads = values.front();
    if (name == "--kv-heads") options.kv_heads = values.front();
    if (name == "--head-dim") options.head_dim = values.front();
    if (name == "--rounds") options.rounds = values.front();
    if (name == "--context") options.contexts = values;
    if (name == "--rows") options.rows = values;
  }
  return options;
}

std::vector<float> normal_floats(std::size_t count, unsigned seed) {
  std::vector<float> values(count);
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (float& value : values) value = normal(random);
  return values;
}

// The last `rows` positions of a context.
void measure(const Options& options, WorkerPool& pool, KvDType dtype, std::string_view name, std::size_t context,
             std::size_t rows) {
  if (rows > context) return;
  const std::size_t kv_width = options.kv_heads * options.head_dim;
  const std::size_t width = options.heads * options.head_dim;
  const std::size_t pages = (context + kPageTokens - 1) / kPageTokens;
  KvLayerView kv;
  kv.page_tokens = kPageTokens;
  kv.kv_heads = options.kv_heads;
  kv.head_dim = options.head_dim;
  kv.dtype = dtype;
  kv.page_stride = 2 * kv.kv_heads * kv.head_bytes();
  const HugeBuffer memory = HugeBuffer::allocate(pages * kv.page_stride).value();
  kv.base = memory.data();
  std::vector<std::uint32_t> page_ids(pages);
  std::iota(page_ids.begin(), page_ids.end(), 0U);
  const std::vector<float> k = normal_floats(context * kv_width, 1);
  const std::vector<float> v = normal_floats(context * kv_width, 2);
  const std::vector<float> q = normal_floats(rows * width, 3);
  std::vector<float> out(rows * width);
  const AttentionSpan all{0, context, 0, page_ids};
  const double store_begin = now_seconds();
  store_kv(pool, {&all, 1}, kv, k.data(), v.data(), kv_width);
  const double store_seconds = now_seconds() - store_begin;
  const AttentionSpan last{0, rows, context - rows, page_ids};
  const AttentionParameters parameters{
      .heads = options.heads, .scale = 1 / std::sqrt(static_cast<float>(options.head_dim)), .window = 0};
  double best = 1e9;
  for (std::size_t round = 0; round <= options.rounds; ++round) {
    const double begin = now_seconds();
    attention(pool, {&last, 1}, kv, parameters, q.data(), width, out.data(), width);
    if (round > 0) best = std::min(best, now_seconds() - begin);
  }
  const auto keys = static_cast<double>(rows) * (static_cast<double>(context) - static_cast<double>(rows - 1) / 2);
  const auto bytes = static_cast<double>(pages * kv.page_stride);
  fmt::print(
      "{:5} context {:<6} rows {:<5} {:9.3f} ms  {:7.1f} GFLOPS a thread  {:6.2f} GB/s   store {:.2f} us a row\n", name,
      context, rows, best * 1e3,
      4 * keys * static_cast<double>(width) / best / 1e9 / static_cast<double>(options.threads), bytes / best / 1e9,
      store_seconds / static_cast<double>(context) * 1e6);
  std::fflush(stdout);
}

}  // namespace
}  // namespace sixfold::kernels

int main(int count, char** arguments) {
  using namespace sixfold::kernels;
  const Options options = options_from(count, arguments);
  fmt::print("{}; {} threads; {} heads, {} of keys and values, {} elements\n", active_isa(), options.threads,
             options.heads, options.kv_heads, options.head_dim);
  counts_processor_time = options.threads == 1;
  WorkerPool pool(options.threads);
  for (const std::size_t context : options.contexts) {
    for (const std::size_t rows : options.rows) {
      for (const auto& [name, dtype] : kTypes) {
        if (is_listed(options.types, name)) measure(options, pool, dtype, name, context, rows);
      }
    }
  }
  return 0;
}
