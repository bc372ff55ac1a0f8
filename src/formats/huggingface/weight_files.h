// The safetensors files of a model folder: one, or the shards that an index names.
#pragma once
#include <string>
#include <vector>

#include "core/file_map.h"
#include "core/result.h"
#include "formats/safetensors_read.h"

namespace sixfold::formats::huggingface {

inline constexpr std::string_view kWeightsName = "model.safetensors";
inline constexpr std::string_view kWeightIndexName = "model.safetensors.index.json";

struct StoredTensor {
  SafetensorsTensor tensor;
  std::size_t file = 0;  // index into WeightFiles::files
};

struct WeightFiles {
  std::vector<FileMap> files;
  std::vector<StoredTensor> tensors;  // names are unique
  std::uint64_t bytes = 0;            // of all files
};

// Errors: not_found (no weights, or a shard is missing); corrupt_data (an index that names a file outside the folder,
// a tensor that is not where the index says, or is in no index); those of read_safetensors.
Result<WeightFiles> open_weight_files(const std::string& folder);

}  // namespace sixfold::formats::huggingface
