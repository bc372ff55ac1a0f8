// Puts a backend around an engine.
#include "cli/local_model.h"

#include <fmt/ranges.h>

#include <utility>

#include "cli/adapter_flags.h"
#include "cli/onnx_model.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "engine/recommended_sampling.h"
#include "service/local_backend.h"
#include "tokenizer/chat_template.h"

namespace sixfold::cli {
namespace {

// Read at every scrape; the engine must live as long as the metrics are served.
telemetry::EngineGauges read_gauges(engine::Engine& engine) {
  const engine::EngineStatus status = engine.status();
  const engine::AdapterShelf& shelf = *engine.adapters();
  return {.requests_waiting = status.requests_waiting,
          .requests_running = status.requests_running,
          .kv_pages_used = status.pages_used,
          .kv_pages_cached = status.pages_cached,
          .kv_pages_total = status.pages_total,
          .kv_page_tokens = status.page_tokens,
          .last_progress_age_seconds = status.idle_seconds,
          .adapters_max = limits::kAdaptersMax,
          .adapters_loaded = shelf.list().size(),
          .adapter_bytes = shelf.bytes(),
          .adapters_running = fmt::format("{}", fmt::join(status.adapters_running, ",")),
          .adapters_waiting = fmt::format("{}", fmt::join(status.adapters_waiting, ",")),
          .now_unix_seconds = static_cast<double>(system_clock().unix_seconds())};
}

}  // namespace

Result<std::unique_ptr<LocalModel>> open_local_model(const ModelOptions& options, engine::EngineOptions engine_options,
                                                     telemetry::Metrics* metrics, const ServedModelOptions& served) {
  auto local = std::make_unique<LocalModel>();
  if (onnx::is_onnx_path(options.source)) {
    if (!options.adapters.empty()) return invalid_argument("--lora: {}: ONNX models take no adapters", options.source);
    SIXFOLD_TRY(OnnxService opened,
                open_onnx_service(options, served.name, {engine_options.queue_max, served.batch_rows}));
    local->backend = std::move(opened.backend);
    local->facts = {.threads = opened.threads, .seconds = opened.load_seconds};
    return local;
  }
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(options));
  SIXFOLD_TRY(const std::vector<engine::AdapterFile> adapters, find_adapters(options.adapters, options.fetch));
  if (model::is_encoder(checkpoint)) {
    if (!adapters.empty()) {
      return invalid_argument("--lora: {}: models that read only take no adapters", checkpoint.path());
    }
    const EncoderServiceOptions service_options{
        .queue_max = engine_options.queue_max, .served_name = served.name, .pooling = served.pooling};
    SIXFOLD_TRY(EncoderService opened, open_encoder(std::move(checkpoint), options, service_options, metrics));
    local->encoder = std::move(opened.loaded);
    local->backend = std::move(opened.backend);
    local->facts = {.threads = local->encoder.pool->size(),
                    .seconds = local->encoder.load_seconds,
                    .is_from_cache = local->encoder.is_from_cache};
    return local;
  }
  if (options.generation_config == "model") {
    SIXFOLD_TRY(local->recommended_sampling, engine::read_recommended_sampling(checkpoint));
  }
  SIXFOLD_TRY(local->loaded, load_engine(std::move(checkpoint), options, engine_options, metrics));
  SIXFOLD_TRY_STATUS(load_adapters(adapters, *local->loaded.engine));
  const LoadedModel& parts = local->loaded.parts;
  local->facts = {.threads = parts.pool->size(), .seconds = parts.load_seconds, .is_from_cache = parts.is_from_cache};
  const tokenizer::Vocabulary& vocabulary = parts.vocabulary;
  local->has_chat_template = !vocabulary.chat_template.empty();
  SIXFOLD_TRY(auto chat_template, tokenizer::make_chat_template(vocabulary.chat_template, vocabulary));
  if (metrics != nullptr) {
    metrics->set_engine_gauges([engine = local->loaded.engine.get()] { return read_gauges(*engine); });
  }
  service::LocalBackendOptions backend_options;
  backend_options.model = served.name;
  backend_options.is_chat_model = local->has_chat_template;
  backend_options.sampling = local->recommended_sampling.value_or(engine::SamplingOptions());
  local->backend = std::make_unique<service::LocalBackend>(std::move(local->loaded.engine), std::move(chat_template),
                                                           std::move(backend_options));
  return local;
}

}  // namespace sixfold::cli
