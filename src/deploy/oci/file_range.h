// A run of a file's bytes.
#pragma once
#include <cstdint>

namespace sixfold::deploy::oci {

struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // 0: none
};

}  // namespace sixfold::deploy::oci
