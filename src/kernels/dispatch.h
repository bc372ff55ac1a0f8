// The list of instruction sets compiled in, for the rest of kernels/ and its tests; isa.h is what others use.
#pragma once
#include <span>

#include "kernels/isa.h"
#include "kernels/kernel_table.h"

namespace sixfold::kernels {

struct MatmulTable;  // matmul_table.h
struct ProbeTable;   // probe_table.h

struct IsaRow {
  std::string_view name;
  bool (*usable)();  // true if this CPU and operating system can run it
  const KernelTable* kernels;
  const MatmulTable* matmul;
  const ProbeTable* probes;
};

// Compiled-in rows, best first; the last is always scalar.
std::span<const IsaRow> isa_rows();

// The row in use.  Chooses one if select_isa has not been called.  Thread-safe.
const IsaRow& active_isa_row();

}  // namespace sixfold::kernels
