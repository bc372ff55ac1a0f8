// From a checkpoint to a model: finds the architecture's row and calls it.
#include <string>

#include "core/error.h"
#include "model/arch_list.h"
#include "model/model.h"

namespace sixfold::model {
namespace {

// Rows that a forward call may have; beyond this scratch memory would dwarf the weights.
constexpr std::size_t kRowsMax = 1 << 16;

std::string known_names() {
  std::string names;
  for (const Architecture& architecture : architectures()) {
    if (!names.empty()) names += ", ";
    names += architecture.name;
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<Model>> load(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                    const LoadOptions& options) {
  if (options.rows_max < 1 || options.rows_max > kRowsMax) {
    return invalid_argument("rows_max {}: want 1 to {}", options.rows_max, kRowsMax);
  }
  const auto name = checkpoint.string("general.architecture");
  if (!name.is_ok()) return corrupt_data("{}", name.error().message);
  for (const Architecture& architecture : architectures()) {
    if (architecture.name == *name) return architecture.load(architecture, std::move(checkpoint), pool, options);
  }
  return invalid_argument("{}: architecture \"{}\": not supported, want one of {}", checkpoint.path(), *name,
                          known_names());
}

}  // namespace sixfold::model
