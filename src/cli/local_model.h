// Everything that answers requests in this process: model, engine, backend.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "cli/encoder_model.h"
#include "cli/model_options.h"
#include "core/result.h"
#include "service/backend.h"

namespace sixfold::cli {

struct LoadFacts {
  std::size_t threads = 0;
  double seconds = 0;
  bool is_from_cache = false;  // the weights were mapped as an earlier start packed them
};

// Members are destroyed in reverse order: backend first, the pools last.
struct LocalModel {
  LoadedEngine loaded;    // of a model that writes text
  LoadedEncoder encoder;  // of one that reads only
  LoadFacts facts;
  std::unique_ptr<service::Backend> backend;
  bool has_chat_template = false;  // the model's own
  // What the model recommends, unless it does not count.
  std::optional<engine::SamplingOptions> recommended_sampling;
};

struct ServedModelOptions {
  std::string name = {};       // what clients call it; "" = its own name
  std::string pooling = {};    // as for open_encoder
  std::size_t batch_rows = 1;  // as for service::TensorBackend
};

// Of whatever kind the model is.
Result<std::unique_ptr<LocalModel>> open_local_model(const ModelOptions& options, engine::EngineOptions engine_options,
                                                     telemetry::Metrics* metrics, const ServedModelOptions& served);

}  // namespace sixfold::cli
