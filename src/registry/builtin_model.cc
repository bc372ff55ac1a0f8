// The span between the two symbols of builtin_model_bytes.S.
#include "registry/builtin_model.h"

extern "C" {
extern const std::byte sixfold_builtin_model_begin[];
extern const std::byte sixfold_builtin_model_end[];
}

namespace sixfold::registry {

std::span<const std::byte> builtin_model() {
  if (sixfold_builtin_model_begin[0] == std::byte{0}) return {};
  return {sixfold_builtin_model_begin,
          static_cast<std::size_t>(sixfold_builtin_model_end - sixfold_builtin_model_begin)};
}

}  // namespace sixfold::registry
