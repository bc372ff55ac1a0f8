// Names of the compiled-in instruction sets, as parameters of tests.
#pragma once
#include <string>
#include <vector>

#include "kernels/dispatch.h"

namespace sixfold::kernels::checks {

inline std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (const IsaRow& row : isa_rows()) names.emplace_back(row.name);
  return names;
}

// The name is one of compiled_isas().
inline const IsaRow& row_named(const std::string& name) {
  for (const IsaRow& row : isa_rows()) {
    if (row.name == name) return row;
  }
  return isa_rows().back();
}

}  // namespace sixfold::kernels::checks
