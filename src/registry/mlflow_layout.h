// Which files of an MLflow artifact make a checkpoint, and where they go.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "manifest/mlmodel.h"

namespace sixfold::registry {

struct PlacedFile {
  std::string from;  // below the artifact
  std::string to;    // in the model's folder
};

// paths: all files of the artifact.  mlmodel: what its file MLmodel says, if it has one.
// The flavor "transformers" keeps weights and each component in folders of their own, which a checkpoint has side by
// side; elsewhere a GGUF file, wherever it lies, or a plain folder of safetensors.
// Errors: those of choose_files; not_found that names the flavors.
Result<std::vector<PlacedFile>> place_mlflow_files(std::span<const std::string> paths,
                                                   const std::optional<manifest::MlModel>& mlmodel,
                                                   std::string_view source);

}  // namespace sixfold::registry
