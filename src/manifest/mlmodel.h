// MLmodel, the file in which MLflow says how a model of its store can be loaded.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::manifest {

struct MlModel {
  std::vector<std::string> flavors = {};  // "transformers", "python_function" ...

  // Of the flavor "transformers"; empty where it is not there or does not say.
  std::string weights_folder = {};           // "model": what save_pretrained wrote
  std::vector<std::string> components = {};  // "tokenizer": each in a folder components/NAME
  std::string hub_name = {};                 // of the repository that it came from
  std::string hub_revision = {};
};

// file_name: for messages.  Errors: corrupt_data with a line number.
// Source: mlflow, mlflow/transformers/flavor_config.py and model_io.py.
Result<MlModel> parse_mlmodel(std::string_view text, std::string_view file_name);

}  // namespace sixfold::manifest
