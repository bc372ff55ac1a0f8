// Prints shapes.
#include "tensor/tensor_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sixfold {

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]",
                     fmt::join(shape.dims.begin(), shape.dims.begin() + static_cast<std::ptrdiff_t>(shape.rank), ", "));
}

}  // namespace sixfold
