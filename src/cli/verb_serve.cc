// sixfold serve: the model behind HTTP.
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "cli/adapter_flags.h"
#include "cli/engine_flags.h"
#include "cli/local_model.h"
#include "cli/model_options.h"
#include "cli/sampling_flags.h"
#include "cli/shelf.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/log.h"
#include "core/version.h"
#include "deploy/content_hash.h"
#include "engine/recommended_sampling.h"
#include "kernels/isa.h"
#include "manifest/manifest.h"
#include "registry/artifact.h"
#include "service/server.h"
#include "telemetry/metrics.h"

namespace sixfold::cli {
namespace {

struct ServeFlags {
  ModelOptions model;
  engine::EngineOptions engine;
  service::ServeOptions serve;
  std::string config;
  std::string name;
  std::string speculation = "auto";
  std::string pooling;
  std::size_t batch_rows = 1;
  std::size_t body_mib = 8;
  std::size_t lora_memory_mib = 4096;
  int drain_seconds = 30;
  int pre_stop_seconds = 0;
  bool manages_models = false;
  std::string model_sha256;  // of the manifest; "" when it says none, or another model was asked for
};

// The file fills in what neither flag nor environment set.
template <class T, class U>
void fill(const CLI::App& verb, const char* flag, const std::optional<U>& from, T& to) {
  if (from && verb.get_option(flag)->count() == 0) to = static_cast<T>(*from);
}

Status read_config(const CLI::App& verb, ServeFlags& flags) {
  if (flags.config.empty()) return ok();
  SIXFOLD_TRY(const manifest::Manifest manifest, manifest::read_manifest(flags.config));
  fill(verb, "model", manifest.model_source, flags.model.source);
  fill(verb, "model", manifest.model_sha256, flags.model_sha256);
  fill(verb, "--weights", manifest.model_weights, flags.model.weights);
  fill(verb, "--lora", manifest.model_adapters, flags.model.adapters);
  fill(verb, "--name", manifest.name, flags.name);
  fill(verb, "--host", manifest.serve.host, flags.serve.http.host);
  fill(verb, "--port", manifest.serve.port, flags.serve.http.port);
  fill(verb, "--threads", manifest.serve.threads, flags.model.threads);
  fill(verb, "--context", manifest.serve.context, flags.model.context);
  fill(verb, "--kv-dtype", manifest.serve.kv_dtype, flags.model.kv_dtype);
  fill(verb, "--weight-cache", manifest.serve.weight_cache, flags.model.weight_cache);
  fill(verb, "--parallel", manifest.serve.parallel, flags.engine.sequences_max);
  fill(verb, "--queue", manifest.serve.queue, flags.engine.queue_max);
  fill(verb, "--batch-rows", manifest.serve.batch_rows, flags.batch_rows);
  fill(verb, "--speculation", manifest.serve.speculation, flags.speculation);
  return ok();
}

// The promise of the manifest; flags.model.source is a path by now.
Status check_hash(const ServeFlags& flags) {
  if (flags.model_sha256.empty()) return ok();
  const auto say = [](std::string_view line) { fmt::print(stderr, "  {}\n", line); };
  SIXFOLD_TRY(const std::string hash, deploy::ContentHashes("", {say, {}}).of_content(flags.model.source));
  if (hash == flags.model_sha256) return ok();
  return corrupt_data("{}: SHA-256: {} says {}, it is {}", flags.model.source, flags.config, flags.model_sha256, hash);
}

// A request to try first, of what the model can do.
std::string example_of(const service::BackendDescription& model) {
  if (model.tensors) {
    return "/v1/models\n         (its inputs; " + std::string("/docs has a request for POST /predict to start from)");
  }
  if (model.generates) {
    return "/v1/completions -H 'Content-Type: application/json' \\\n"
           "           -d '{\"prompt\": \"Once upon a time\", \"max_tokens\": 60, \"temperature\": 0.7}'";
  }
  if (model.embedding_width != 0) {
    return "/v1/embeddings -H 'Content-Type: application/json' \\\n           -d '{\"input\": \"Once upon a time\"}'";
  }
  return "/v1/rerank -H 'Content-Type: application/json' \\\n"
         "           -d '{\"query\": \"Where is the cat?\", \"documents\": [\"It rains.\", \"The cat is here.\"]}'";
}

// "22.7 million parameters, Q8_0", or what computes it.
std::string kind_of(const service::BackendDescription& model) {
  if (model.tensors) return fmt::format("{}, {}", model.architecture, model.tensors->runtime);
  return fmt::format("{} parameters, {}", human_count(model.parameters), model.weights);
}

// stderr, so that pipes and scripts that read stdout stay clean; "listening on URL" is a stable line.
void print_banner(const service::Server& server, const LocalModel& local) {
  const service::BackendDescription model = local.backend->describe();
  const LoadFacts& facts = local.facts;
  const Style style = stderr_style();
  const std::string url = server.url();
  fmt::print(stderr,
             "{}sixfold {}{} serves {} ({}, {} threads, {}), loaded in {:.2f} s{}\n"
             "listening on {}\n\n"
             "  Try:   curl {}{}\n"
             "  Docs:  {}/docs\n"
             "  Stop:  Ctrl-C (running answers are finished first; twice stops at once)\n\n",
             style.bold, version(), style.reset, model.model, kind_of(model), facts.threads, kernels::active_isa(),
             facts.seconds, facts.is_from_cache ? " from the weight cache" : "", url, url, example_of(model), url);
  if (local.recommended_sampling) {
    fmt::print(stderr, "  Sampling, unless a request says otherwise: {} (recommended by the model)\n\n",
               engine::summary_of(*local.recommended_sampling));
  }
}

// SIGINT and SIGTERM are blocked in every thread and taken here, on the main thread.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  int wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
    return number;
  }

 private:
  sigset_t set_{};
};

// Every connection is an open file.  Shells give 1024, and programs may take as many as the hard limit says.
void allow_open_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// Waits for a signal, drains; a second signal cuts what is left.
void serve_until_stopped(service::Server& server, const StopSignals& signals, int drain_seconds) {
  signals.wait();
  spdlog::info("stopping: finishing running answers for at most {} s", drain_seconds);
  std::thread watcher([&] {
    const int number = signals.wait();
    if (number == SIGTERM || number == SIGINT) std::_Exit(130);
  });
  watcher.detach();
  const bool was_clean = server.drain(drain_seconds * 1000);
  spdlog::info(was_clean ? "stopped" : "stopped; some answers were cut at the drain limit");
}

Status serve(ServeFlags flags) {
  allow_open_files();
  flags.serve.http.body_bytes_max = flags.body_mib << 20;
  flags.engine.adapter_bytes_max = flags.lora_memory_mib << 20;
  flags.engine.has_speculation = flags.speculation == "auto";
  flags.serve.pre_stop_ms = flags.pre_stop_seconds * 1000;
  // The name is known only after the model is open, and metrics carry it from the start.
  std::string name = flags.name;
  if (name.empty() && flags.model.source.empty()) name = "sixfold-tiny";
  if (name.empty()) name = registry::short_name(flags.model.source);
  // While Ctrl-C still ends the program.
  SIXFOLD_TRY(flags.model.source, fetch_model(flags.model.source, flags.model.fetch));
  SIXFOLD_TRY_STATUS(check_hash(flags));
  const StopSignals signals;  // before any thread starts
  telemetry::Metrics metrics(name);
  metrics.set_build_info(std::string(version()), std::string(kernels::active_isa()));
  SIXFOLD_TRY(const auto local,
              open_local_model(flags.model, flags.engine, &metrics, {name, flags.pooling, flags.batch_rows}));
  std::unique_ptr<service::ModelShelf> shelf;
  if (flags.manages_models) {
    SIXFOLD_TRY(shelf, open_shelf(flags.model.fetch));
    flags.serve.shelf = shelf.get();
  }
  if (const auto model = local->backend->describe(); model.generates && !model.is_chat_model) {
    spdlog::info("the model has no chat template of its own: conversations are rendered as \"{}\", {}",
                 model.chat_template,
                 model.tool_format.empty() ? "which shows no tools" : "with tools as " + model.tool_format);
  }
  SIXFOLD_TRY(const auto server, service::Server::serve(*local->backend, &metrics, flags.serve));
  print_banner(*server, *local);
  serve_until_stopped(*server, signals, flags.drain_seconds);
  return ok();
}

}  // namespace

VerbAction add_serve(CLI::App& program) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* verb = program.add_subcommand("serve", "Serve a model over HTTP");
  verb->add_option("model", flags->model.source, "File, name or source of a model; the built-in one when left out")
      ->envname("SIXFOLD_MODEL");
  net::HttpServerOptions& http = flags->serve.http;
  verb->add_option("--host", http.host, "Address to listen on")->envname("SIXFOLD_HOST")->capture_default_str();
  verb->add_option("--port", http.port, "Port; 0 = any free one")->envname("SIXFOLD_PORT")->capture_default_str();
  verb->add_option("--config", flags->config, "A sixfold.yaml; flags and environment win over it")
      ->envname("SIXFOLD_CONFIG");
  verb->add_option("--name", flags->name, "Name of the model in requests")->envname("SIXFOLD_NAME");
  verb->add_option("--parallel", flags->engine.sequences_max, "Sequences computed at once")
      ->envname("SIXFOLD_PARALLEL")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  verb->add_option("--queue", flags->engine.queue_max, "Requests that may wait; more are answered with 429")
      ->envname("SIXFOLD_QUEUE")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--batch-rows", flags->batch_rows,
                   "Rows of predictions that wait together in one run of an ONNX model; 1 = each request by itself")
      ->envname("SIXFOLD_BATCH_ROWS")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  verb->add_option("--kv-tokens", flags->engine.kv_tokens, "Room in the key/value cache, in tokens; 0 = 4 contexts")
      ->envname("SIXFOLD_KV_TOKENS")
      ->capture_default_str();
  add_speculation_flag(*verb, flags->speculation);
  add_pooling_flag(*verb, flags->pooling);
  add_generation_config_flag(*verb, flags->model.generation_config);
  verb->add_option("--http-threads", http.threads, "Threads for connections")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb->add_option("--max-connections", http.connections_max, "Open connections; more are answered with 503")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  verb->add_option("--max-body-mib", flags->body_mib, "Largest request body")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--drain-timeout", flags->drain_seconds, "Seconds that running answers get after SIGTERM")
      ->envname("SIXFOLD_DRAIN_TIMEOUT")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  verb->add_option("--pre-stop", flags->pre_stop_seconds, "Seconds to go on accepting after /readyz turned 503")
      ->check(CLI::Range(0, 600))
      ->capture_default_str();
  verb->add_flag("--cors", flags->serve.allows_cross_origin, "Let pages of any origin call the server")
      ->envname("SIXFOLD_CORS");
  add_model_flags(*verb, flags->model);
  add_lora_flag(*verb, flags->model.adapters);
  verb->add_option("--lora-folder", flags->serve.adapter_folder,
                   "Let clients load adapters from this folder, and unload any, over HTTP")
      ->envname("SIXFOLD_LORA_FOLDER")
      ->check(CLI::ExistingDirectory);
  verb->add_option("--lora-memory", flags->lora_memory_mib, "MiB of adapters in memory at most")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  verb->add_flag("--manage-models", flags->manages_models,
                 "Let clients list, download and remove models of this machine over HTTP (/api/pull, /api/delete)")
      ->envname("SIXFOLD_MANAGE_MODELS");
  verb->footer(
      "Examples:\n"
      "  sixfold serve                          the built-in model on 127.0.0.1:8080\n"
      "  sixfold serve bge-m3.gguf              embeddings: POST /v1/embeddings\n"
      "  sixfold serve model.gguf --host 0.0.0.0 --port 8000 --parallel 32\n"
      "  SIXFOLD_PORT=9000 sixfold serve --config sixfold.yaml");
  return [verb, flags]() -> Status {
    SIXFOLD_TRY_STATUS(read_config(*verb, *flags));
    return serve(*flags);
  };
}

}  // namespace sixfold::cli
