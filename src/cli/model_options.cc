// Loads a model, its tokenizer and the engine around it.
#include "cli/model_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "cli/terminal.h"
#include "core/clock.h"
#include "core/error.h"
#include "registry/artifact.h"

namespace sixfold::cli {

void add_model_flags(CLI::App& verb, ModelOptions& options) {
  verb.add_option("-t,--threads", options.threads, "Threads for the numeric work; 0 = all this process may use")
      ->envname("SIXFOLD_THREADS")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  verb.add_option("-c,--context", options.context,
                  "Tokens of prompt and answer together; 0 = the model's, at most 8192")
      ->envname("SIXFOLD_CONTEXT")
      ->check(CLI::Range(0, 1 << 24))
      ->capture_default_str();
  verb.add_option("--kv-dtype", options.kv_dtype, "Element type of cached keys and values")
      ->envname("SIXFOLD_KV_DTYPE")
      ->check(CLI::IsMember({"f16", "bf16", "f32"}))
      ->capture_default_str();
}

Result<kernels::KvDType> parse_kv_dtype(const std::string& name) {
  if (name == "f16") return kernels::KvDType::kF16;
  if (name == "bf16") return kernels::KvDType::kBF16;
  if (name == "f32") return kernels::KvDType::kF32;
  return invalid_argument("--kv-dtype: want f16, bf16 or f32, got \"{}\"", name);
}

Result<LoadedModel> load_model(const ModelOptions& options) {
  const TimePoint start = system_clock().now();
  if (stderr_is_terminal() && !options.source.empty()) {
    std::fprintf(stderr, "loading %s ...", options.source.c_str());
    std::fflush(stderr);
  }
  // Clears the line on every way out.
  struct ClearLine {
    bool is_shown;
    ~ClearLine() {
      if (is_shown) std::fputs("\r\033[K", stderr);
    }
  } const clear{stderr_is_terminal() && !options.source.empty()};

  SIXFOLD_TRY(formats::Checkpoint checkpoint, registry::open_artifact(options.source));
  LoadedModel loaded;
  SIXFOLD_TRY(loaded.vocabulary, model::read_vocabulary(checkpoint));
  auto tokenizer = tokenizer::make_tokenizer(loaded.vocabulary);
  if (!tokenizer.is_ok()) return with_context(std::move(tokenizer).error(), checkpoint.path());
  loaded.tokenizer = *std::move(tokenizer);
  loaded.pool =
      std::make_unique<kernels::WorkerPool>(options.threads == 0 ? kernels::default_thread_count() : options.threads);
  SIXFOLD_TRY(loaded.model,
              model::load(std::move(checkpoint), *loaded.pool, {.has_exact_weights = options.has_exact_weights}));
  loaded.load_seconds = seconds_between(start, system_clock().now());
  return loaded;
}

Result<LoadedEngine> load_engine(const ModelOptions& options, engine::EngineOptions engine_options,
                                 telemetry::Metrics* metrics) {
  LoadedEngine loaded;
  SIXFOLD_TRY(loaded.parts, load_model(options));
  SIXFOLD_TRY(engine_options.kv_dtype, parse_kv_dtype(options.kv_dtype));
  engine_options.context = options.context;
  SIXFOLD_TRY(loaded.engine, engine::Engine::start(std::move(loaded.parts.model), loaded.parts.tokenizer,
                                                   engine_options, metrics, nullptr));
  return loaded;
}

}  // namespace sixfold::cli
