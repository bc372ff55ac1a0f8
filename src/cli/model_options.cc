// Loads a model, its tokenizer and the engine around it.
#include "cli/model_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <future>
#include <utility>

#include "cli/terminal.h"
#include "core/clock.h"
#include "core/error.h"
#include "engine/self_test.h"
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
  verb.add_option("--kv-dtype", options.kv_dtype,
                  "Element type of cached keys and values; i16: fixed point of 13 bits and a sign")
      ->envname("SIXFOLD_KV_DTYPE")
      ->check(CLI::IsMember({"i16", "f16", "bf16", "f32"}))
      ->capture_default_str();
  verb.add_option("--weights", options.weights, "Round weights of F32, F16 or BF16 to this type while loading")
      ->envname("SIXFOLD_WEIGHTS")
      ->check(CLI::IsMember({"stored", "bf16", "q8_0", "q4_0"}))
      ->capture_default_str();
  verb.add_option("--weight-cache", options.weight_cache,
                  "Where packed weights wait for the next start: auto, off, or a folder")
      ->envname("SIXFOLD_WEIGHT_CACHE")
      ->capture_default_str();
  verb.add_option("--weight-cache-max", options.weight_cache_max_gb,
                  "GB of packed weights kept there at most; the longest unused go first")
      ->envname("SIXFOLD_WEIGHT_CACHE_MAX")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  add_offline_flag(verb, options.fetch);
}

Result<kernels::KvDType> parse_kv_dtype(const std::string& name) {
  if (name == "i16") return kernels::KvDType::kI16;
  if (name == "f16") return kernels::KvDType::kF16;
  if (name == "bf16") return kernels::KvDType::kBF16;
  if (name == "f32") return kernels::KvDType::kF32;
  return invalid_argument("--kv-dtype: want i16, f16, bf16 or f32, got \"{}\"", name);
}

namespace {

// The file of settings may hold any text.
Result<std::optional<DType>> parse_weights(const std::string& name) {
  if (name == "stored") return std::optional<DType>();
  if (name == "bf16") return std::optional(DType::kBF16);
  if (name == "q8_0") return std::optional(DType::kQ8_0);
  if (name == "q4_0") return std::optional(DType::kQ4_0);
  return invalid_argument("--weights: want stored, bf16, q8_0 or q4_0, got \"{}\"", name);
}

// Unset and empty are one: https://specifications.freedesktop.org/basedir-spec/latest/
std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  return value == nullptr ? "" : value;
}

std::string default_cache_folder() {
  if (const std::string own = environment("SIXFOLD_CACHE_DIR"); !own.empty()) return own + "/weights";
  // A relative path is to be ignored, says the specification.
  if (const std::string xdg = environment("XDG_CACHE_HOME"); xdg.starts_with('/')) return xdg + "/sixfold/weights";
  if (const std::string home = environment("HOME"); home.starts_with('/')) return home + "/.cache/sixfold/weights";
  return "";
}

// A copy; merges, which only a tokenizer needs, are the larger part of a vocabulary.
tokenizer::Vocabulary without_merges(tokenizer::Vocabulary& vocabulary) {
  StringArray merges = std::exchange(vocabulary.merges, {});
  tokenizer::Vocabulary copy = vocabulary;
  vocabulary.merges = std::move(merges);
  return copy;
}

// "auto": the folder "weights" in $SIXFOLD_CACHE_DIR, else in $XDG_CACHE_HOME/sixfold, else in ~/.cache/sixfold; none
// where none of these is set.
model::WeightCacheOptions weight_cache_options(const ModelOptions& options) {
  model::WeightCacheOptions cache;
  cache.folder_bytes_max = std::uint64_t{options.weight_cache_max_gb} * 1'000'000'000;
  if (options.weight_cache == "off") return cache;
  cache.folder = options.weight_cache == "auto" ? default_cache_folder() : options.weight_cache;
  return cache;
}

}  // namespace

Result<formats::Checkpoint> open_model(const ModelOptions& options) {
  SIXFOLD_TRY(const std::string source, fetch_model(options.source, options.fetch));
  return registry::open_artifact(source);
}

Result<model::LoadOptions> load_options(const ModelOptions& options) {
  model::LoadOptions load;
  load.context = options.context;
  load.has_exact_weights = options.has_exact_weights;
  SIXFOLD_TRY(load.weights, parse_weights(options.weights));
  load.weight_cache = weight_cache_options(options);
  return load;
}

Result<LoadedModel> load_model(formats::Checkpoint checkpoint, const ModelOptions& options,
                               const UseOfModel& meanwhile) {
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

  LoadedModel loaded;
  SIXFOLD_TRY(const model::LoadOptions how, load_options(options));
  const std::string path = checkpoint.path();
  SIXFOLD_TRY(tokenizer::Vocabulary vocabulary, model::read_vocabulary(checkpoint));
  loaded.vocabulary = without_merges(vocabulary);
  // On its own thread, where there is one to have: the tables of a large vocabulary take longer than mapping the
  // weights.
  std::future<Result<std::unique_ptr<tokenizer::Tokenizer>>> making_tokenizer =
      std::async([&vocabulary] { return tokenizer::make_tokenizer(std::move(vocabulary)); });
  loaded.pool =
      std::make_unique<kernels::WorkerPool>(options.threads == 0 ? kernels::default_thread_count() : options.threads);
  auto model = model::load(std::move(checkpoint), *loaded.pool, how);
  const Status used = model.is_ok() && meanwhile ? meanwhile(**model) : ok();
  auto tokenizer = making_tokenizer.get();
  if (!tokenizer.is_ok()) return with_context(std::move(tokenizer).error(), path);
  loaded.tokenizer = *std::move(tokenizer);
  SIXFOLD_TRY(loaded.model, std::move(model));
  SIXFOLD_TRY_STATUS(used);
  loaded.is_from_cache = loaded.model->description().is_from_cache;
  loaded.load_seconds = seconds_between(start, system_clock().now());
  return loaded;
}

Result<LoadedEngine> load_engine(formats::Checkpoint checkpoint, const ModelOptions& options,
                                 engine::EngineOptions engine_options, telemetry::Metrics* metrics) {
  LoadedEngine loaded;
  SIXFOLD_TRY(engine_options.kv_dtype, parse_kv_dtype(options.kv_dtype));
  // One token reads all weights; the tables of the tokenizer are made while it waits for memory.
  SIXFOLD_TRY(loaded.parts, load_model(std::move(checkpoint), options, [&](model::Model& model) {
                return engine::self_test(model, engine_options.kv_dtype, 0);
              }));
  engine_options.is_model_tested = true;
  engine_options.context = options.context;
  SIXFOLD_TRY(loaded.engine, engine::Engine::start(std::move(loaded.parts.model), loaded.parts.tokenizer,
                                                   engine_options, metrics, nullptr));
  return loaded;
}

}  // namespace sixfold::cli
