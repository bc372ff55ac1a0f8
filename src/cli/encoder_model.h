// Loading of models that read texts and write none.
#pragma once
#include <memory>
#include <string>

#include "cli/model_options.h"
#include "core/result.h"
#include "model/encoder.h"
#include "service/backend.h"

namespace sixfold::cli {

// Members are in order of construction; destroyed in reverse.
struct LoadedEncoder {
  std::unique_ptr<kernels::WorkerPool> pool;
  std::unique_ptr<model::Encoder> encoder;
  double load_seconds = 0;
  bool is_from_cache = false;  // the weights were mapped as an earlier start packed them
};

// For measuring: without a tokenizer.
Result<LoadedEncoder> load_encoder(formats::Checkpoint checkpoint, const ModelOptions& options);

struct EncoderService {
  LoadedEncoder loaded;  // its encoder has gone into the backend
  std::unique_ptr<service::Backend> backend;
};

struct EncoderServiceOptions {
  std::size_t queue_max = 256;
  std::string served_name = {};  // "" = the model's own name
  std::string pooling = {};      // "mean", "cls" or "last"; "" = what the model was trained for
};

// metrics may be null.
Result<EncoderService> open_encoder(formats::Checkpoint checkpoint, const ModelOptions& options,
                                    const EncoderServiceOptions& service_options, telemetry::Metrics* metrics);

}  // namespace sixfold::cli
