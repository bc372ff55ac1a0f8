// Picks the instruction set.  A new one is one isa_<name>.cc file, one line in kernels.cmake and one row here.
#include "kernels/dispatch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdlib>

#include "core/error.h"
#include "core/log.h"
#include "kernels/cpu_features.h"
#include "kernels/matmul_table.h"

namespace sixfold::kernels {

// Defined in isa_<name>.cc, isa_<name>_matmul.cc and isa_<name>_probe.cc.
extern const KernelTable scalar_kernels;
extern const MatmulTable scalar_matmul;
extern const ProbeTable scalar_probes;
#if defined(__x86_64__)
extern const KernelTable avx2_kernels;
extern const MatmulTable avx2_matmul;
extern const ProbeTable avx2_probes;
extern const KernelTable avx512_kernels;
extern const MatmulTable avx512_matmul;
extern const ProbeTable avx512_probes;
extern const KernelTable avx512bf16_kernels;
extern const OwnKernels avx512bf16_pairs;
extern const ProbeTable avx512bf16_probes;
extern const MatmulTable amx_vector_matmul;
extern const OwnKernels amx_plain[6];
extern const OwnKernels amx_super[6];
extern const OwnKernels amx_fixed;
extern const OwnKernels amx_bf16;
extern const ProbeTable amx_probes;
#elif defined(__aarch64__)
extern const KernelTable neon_kernels;
extern const MatmulTable neon_matmul;
extern const ProbeTable neon_probes;
#endif

namespace {

#if defined(__x86_64__)
// The tables in it are constants, there before any code runs.
MatmulTable with(MatmulTable table, std::span<const OwnKernels> owns) {
  for (const OwnKernels& own : owns) {
    const auto format = static_cast<std::size_t>(own.format);
    const auto form = static_cast<std::size_t>(own.form);
    table.reads[format] = own.form;
    table.tokens_max[form] = own.tokens_max;
    if (own.make != nullptr) table.make[form] = own.make;
    for (std::size_t size = 0; size < kGroupSizeCount; ++size) {
      const MultiplyTile kernel = own.multiply.of_size[size];
      if (kernel != nullptr) table.multiply[format].of_size[size] = kernel;
      const MultiplyRun run_kernel = own.multiply.run_of_size[size];
      if (run_kernel != nullptr) table.multiply[format].run_of_size[size] = run_kernel;
    }
  }
  return table;
}
const MatmulTable avx512bf16_matmul = with(avx512_matmul, {&avx512bf16_pairs, 1});
const MatmulTable amx_matmul =
    with(with(with(with(amx_vector_matmul, amx_plain), amx_super), {&amx_fixed, 1}), {&amx_bf16, 1});
#endif

bool always() {
  return true;
}

// Best first.
constexpr IsaRow kRows[] = {
#if defined(__x86_64__)
    {"amx", cpu_runs_amx, &avx512bf16_kernels, &amx_matmul, &amx_probes},
    {"avx512bf16", cpu_runs_avx512bf16, &avx512bf16_kernels, &avx512bf16_matmul, &avx512bf16_probes},
    {"avx512", cpu_runs_avx512, &avx512_kernels, &avx512_matmul, &avx512_probes},
    {"avx2", cpu_runs_avx2, &avx2_kernels, &avx2_matmul, &avx2_probes},
#elif defined(__aarch64__)
    {"neon", cpu_runs_neon, &neon_kernels, &neon_matmul, &neon_probes},
#endif
    {"scalar", always, &scalar_kernels, &scalar_matmul, &scalar_probes},
};

std::atomic<const IsaRow*> chosen{nullptr};

// Nothing if the name is unknown or this CPU cannot run it.  An empty name means the best.
const IsaRow* find_usable(std::string_view name) {
  for (const IsaRow& row : kRows) {
    if ((name.empty() || row.name == name) && row.usable()) return &row;
  }
  return nullptr;
}

std::string usable_names() {
  return fmt::format("{}", fmt::join(usable_isas(), ", "));
}

const IsaRow& choose_automatically() {
  const char* wish = std::getenv("SIXFOLD_ISA");  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  const IsaRow* row = find_usable(wish == nullptr ? "" : wish);
  if (row == nullptr) {
    row = find_usable("");
    spdlog::warn("SIXFOLD_ISA={}: this CPU runs {}; using {}", wish, usable_names(), row->name);
  }
  // Whoever comes first decides for all.
  const IsaRow* nobody = nullptr;
  return chosen.compare_exchange_strong(nobody, row) ? *row : *nobody;
}

}  // namespace

std::span<const IsaRow> isa_rows() {
  return kRows;
}

const IsaRow& active_isa_row() {
  const IsaRow* row = chosen.load(std::memory_order_acquire);
  return row != nullptr ? *row : choose_automatically();
}

std::string_view active_isa() {
  return active_isa_row().name;
}

Status select_isa(std::string_view name) {
  const IsaRow* row = find_usable(name);
  if (row == nullptr) {
    return invalid_argument("instruction set: want one of {} on this CPU, got \"{}\"", usable_names(), name);
  }
  chosen.store(row, std::memory_order_release);
  return ok();
}

std::vector<std::string_view> usable_isas() {
  std::vector<std::string_view> names;
  for (const IsaRow& row : kRows) {
    if (row.usable()) names.push_back(row.name);
  }
  return names;
}

std::string cpu_description() {
  return fmt::format("{} ({})", cpu_model_name(), cpu_feature_names());
}

}  // namespace sixfold::kernels
