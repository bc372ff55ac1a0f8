// Opens an encoder and puts its thread and its backend around it.
#include "cli/encoder_model.h"

#include <future>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "engine/encoder_engine.h"
#include "service/encoder_backend.h"

namespace sixfold::cli {
namespace {

telemetry::EngineGauges read_gauges(const engine::EncoderEngine& engine) {
  const engine::EncoderStatus status = engine.status();
  telemetry::EngineGauges gauges;
  gauges.requests_running = status.requests_open;
  gauges.last_progress_age_seconds = status.idle_seconds;
  return gauges;
}

Result<std::optional<model::EncoderOutput>> parse_pooling(const std::string& name) {
  using model::EncoderOutput;
  if (name.empty()) return std::optional<EncoderOutput>();
  for (const EncoderOutput output : {EncoderOutput::kMean, EncoderOutput::kFirst, EncoderOutput::kLast}) {
    if (model::to_string(output) == name) return std::optional(output);
  }
  return invalid_argument("--pooling: want mean, cls or last, got \"{}\"", name);
}

}  // namespace

Result<LoadedEncoder> load_encoder(formats::Checkpoint checkpoint, const ModelOptions& options) {
  const TimePoint start = system_clock().now();
  LoadedEncoder loaded;
  loaded.pool =
      std::make_unique<kernels::WorkerPool>(options.threads == 0 ? kernels::default_thread_count() : options.threads);
  SIXFOLD_TRY(const model::LoadOptions how, load_options(options));
  SIXFOLD_TRY(loaded.encoder, model::load_encoder(std::move(checkpoint), *loaded.pool, how));
  loaded.is_from_cache = loaded.encoder->description().model.is_from_cache;
  loaded.load_seconds = seconds_between(start, system_clock().now());
  return loaded;
}

Result<EncoderService> open_encoder(formats::Checkpoint checkpoint, const ModelOptions& options,
                                    const EncoderServiceOptions& service_options, telemetry::Metrics* metrics) {
  service::EncoderBackendOptions backend_options{.model = service_options.served_name};
  SIXFOLD_TRY(backend_options.pooling, parse_pooling(service_options.pooling));
  const std::string path = checkpoint.path();
  SIXFOLD_TRY(tokenizer::Vocabulary vocabulary, model::read_vocabulary(checkpoint));
  // On its own thread: the tables of a large vocabulary take as long as the weights.
  auto making_tokenizer = std::async([&vocabulary] { return tokenizer::make_tokenizer(std::move(vocabulary)); });
  EncoderService opened;
  auto loaded = load_encoder(std::move(checkpoint), options);
  auto tokenizer = making_tokenizer.get();
  if (!tokenizer.is_ok()) return with_context(std::move(tokenizer).error(), path);
  SIXFOLD_TRY(opened.loaded, std::move(loaded));
  SIXFOLD_TRY(auto engine, engine::EncoderEngine::start(std::move(opened.loaded.encoder),
                                                        {.queue_max = service_options.queue_max}, metrics, nullptr));
  if (metrics != nullptr) {
    metrics->set_engine_gauges([engine = engine.get()] { return read_gauges(*engine); });
  }
  opened.backend =
      std::make_unique<service::EncoderBackend>(std::move(engine), *std::move(tokenizer), std::move(backend_options));
  return opened;
}

}  // namespace sixfold::cli
