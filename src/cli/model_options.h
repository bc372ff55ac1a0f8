// The flags of every verb that loads a model, and the loading itself.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/fetch.h"
#include "core/result.h"
#include "engine/engine.h"
#include "kernels/worker_pool.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

struct ModelOptions {
  std::string source = {};  // "" = the built-in model
  FetchFlags fetch = {};
  std::size_t threads = 0;  // 0 = as many as this process may use
  std::size_t context = 0;  // tokens; 0 = the model's, capped
  std::string kv_dtype = "i16";
  bool has_exact_weights = false;        // model::LoadOptions
  std::string weights = "stored";        // or the type to round them to
  std::string weight_cache = "auto";     // "off", or a folder
  std::size_t weight_cache_max_gb = 20;  // 10^9 bytes, of all files in the folder
  // "model": requests that do not say otherwise are sampled as the model recommends; "none": plainly.
  std::string generation_config = "model";
  std::vector<std::string> adapters = {};  // as --lora has them, in the verbs that have it
};

// Adds --threads, --context, --kv-dtype, --weights, --weight-cache, --weight-cache-max and --offline with their
// environment variables.
void add_model_flags(CLI::App& verb, ModelOptions& options);

Result<kernels::KvDType> parse_kv_dtype(const std::string& name);

// Members are in order of construction; destroyed in reverse.
struct LoadedModel {
  std::unique_ptr<kernels::WorkerPool> pool;
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;
  tokenizer::Vocabulary vocabulary;
  std::unique_ptr<model::Model> model;
  double load_seconds = 0;
  bool is_from_cache = false;  // the weights were mapped as an earlier start packed them
};

// Pulls the model when it is not here, and opens and checks it.
Result<formats::Checkpoint> open_model(const ModelOptions& options);

// What the flags say about loading.  Errors: invalid_argument (a file of settings may hold any text).
Result<model::LoadOptions> load_options(const ModelOptions& options);

// Packs or finds packed.  Prints a line to stderr when that takes longer than a moment.
// meanwhile: what to do with the model while the tokenizer is still being made; may be null.  Its errors are
// load_model's.
using UseOfModel = std::function<Status(model::Model&)>;
Result<LoadedModel> load_model(formats::Checkpoint checkpoint, const ModelOptions& options,
                               const UseOfModel& meanwhile = nullptr);

// `parts.model` has gone into the engine, which is destroyed first.
struct LoadedEngine {
  LoadedModel parts;
  std::unique_ptr<engine::Engine> engine;
};

// metrics may be null.
Result<LoadedEngine> load_engine(formats::Checkpoint checkpoint, const ModelOptions& options,
                                 engine::EngineOptions engine_options, telemetry::Metrics* metrics);

}  // namespace sixfold::cli
