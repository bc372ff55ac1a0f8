// "support-bot@production", "models:/support-bot/3", "runs:/RUN/model": what stands behind mlflow:.
#pragma once
#include <string>

#include "core/result.h"

namespace sixfold::registry {

struct MlflowName {
  std::string model;    // registered; "" = a run's artifact
  std::string version;  // digits, or "" = as the alias says, else the newest
  std::string alias;
  std::string run;   // its id
  std::string path;  // of the artifact in the run

  std::string text() const;  // "models:/NAME@ALIAS", as MLflow writes it
};

// [models:/]NAME[/VERSION|/latest|@ALIAS], or runs:/RUN/PATH.  Errors: invalid_argument.
// Source: mlflow, mlflow/store/artifact/utils/models.py.
Result<MlflowName> parse_mlflow_name(const std::string& rest);

}  // namespace sixfold::registry
