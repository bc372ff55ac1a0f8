// From a checkpoint to a model: finds the architecture's row, and gives it the tensors and what is known of the file.
#include <new>
#include <string>
#include <utility>

#include "core/error.h"
#include "model/arch_list.h"
#include "model/description.h"
#include "model/model.h"
#include "model/rounded_weights.h"
#include "model/weight_reader.h"

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

Result<const Architecture*> find_architecture(const formats::Checkpoint& checkpoint) {
  SIXFOLD_TRY(const std::string_view type, checkpoint.string_or("general.type", "model"));
  if (type == "adapter") {
    return invalid_argument("{}: want a model, got a LoRA adapter; give it beside its model (--lora)",
                            checkpoint.path());
  }
  const auto name = checkpoint.string("general.architecture");
  if (!name.is_ok()) return corrupt_data("{}", name.error().message);
  for (const Architecture& architecture : architectures()) {
    if (architecture.name == *name) return &architecture;
  }
  return invalid_argument("{}: architecture \"{}\": not supported, want one of {}", checkpoint.path(), *name,
                          known_names());
}

}  // namespace

Result<std::shared_ptr<const Adapter>> Model::load_adapter(const formats::Checkpoint& adapter) const {
  return invalid_argument("{}: adapters of {} models are not supported", adapter.path(), description().architecture);
}

Result<std::unique_ptr<Model>> load(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                    const LoadOptions& options) {
  if (options.rows_max < 1 || options.rows_max > kRowsMax) {
    return invalid_argument("rows_max {}: want 1 to {}", options.rows_max, kRowsMax);
  }
  SIXFOLD_TRY_STATUS(check_rounding(options.weights));
  SIXFOLD_TRY(const Architecture* architecture, find_architecture(checkpoint));
  ModelDescription description =
      describe_checkpoint(checkpoint, options.has_exact_weights ? std::nullopt : options.weights);
  description.architecture = std::string(architecture->name);
  const std::string path = checkpoint.path();
  try {
    WeightReader reader(std::move(checkpoint), pool, options);
    description.is_from_cache = reader.is_from_cache();
    return architecture->load(reader, architecture->traits, std::move(description), options);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for the model and scratch for {} rows", path, options.rows_max);
  }
}

}  // namespace sixfold::model
