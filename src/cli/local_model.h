// Everything that answers requests in this process: model, engine, backend.
#pragma once
#include <memory>
#include <string>

#include "cli/model_options.h"
#include "core/result.h"
#include "service/backend.h"

namespace sixfold::cli {

// Members are destroyed in reverse order: backend first, the pool last.
struct LocalModel {
  LoadedEngine loaded;
  std::unique_ptr<service::Backend> backend;
  bool has_chat_template = false;  // the model's own
};

// served_name: what clients call the model; "" = the model's own name.
Result<std::unique_ptr<LocalModel>> open_local_model(const ModelOptions& options, engine::EngineOptions engine_options,
                                                     telemetry::Metrics* metrics, const std::string& served_name);

}  // namespace sixfold::cli
