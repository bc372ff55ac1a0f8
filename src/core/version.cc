// The version that CMake passed.
#include "core/version.h"

namespace sixfold {

std::string_view version() {
  return SIXFOLD_VERSION;
}

}  // namespace sixfold
