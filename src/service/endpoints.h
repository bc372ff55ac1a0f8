// The functions behind the routes, and what they share.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "core/clock.h"
#include "net/http.h"
#include "service/answer.h"
#include "service/backend.h"
#include "service/model_shelf.h"
#include "service/responses/background.h"
#include "service/responses/store.h"
#include "telemetry/metrics.h"

namespace sixfold::service {

// One per server.  Thread-safe: every member is constant, atomic or thread-safe itself.
struct ServiceState {
  ServiceState(Backend& backend_of, const telemetry::Metrics* metrics_of, const Clock& clock_of)
      : backend(backend_of), metrics(metrics_of), clock(clock_of), responses(clock_of) {}

  Backend& backend;
  const telemetry::Metrics* const metrics;  // may be null
  const Clock& clock;
  std::string adapter_folder;   // that clients may load adapters from; empty: they may not
  ModelShelf* shelf = nullptr;  // of models that clients may manage; null: they may not
  std::string openapi;          // the document, made once from the route table
  std::atomic<bool> is_draining{false};
  ResponseStore responses;
  ActiveAnswers answers;
  BackgroundRuns background;  // goes first: it writes to `responses`
};

using Writer = std::shared_ptr<net::ResponseWriter>;

// openai_chat.cc, openai_completions.cc, predict.cc
void chat_completions(ServiceState& state, const net::HttpRequest& request, Writer writer);
void completions(ServiceState& state, const net::HttpRequest& request, Writer writer);
void predict(ServiceState& state, const net::HttpRequest& request, Writer writer);

// anthropic.cc
void messages(ServiceState& state, const net::HttpRequest& request, Writer writer);
void count_tokens(ServiceState& state, const net::HttpRequest& request, Writer writer);

// responses/endpoints.cc
void create_response(ServiceState& state, const net::HttpRequest& request, Writer writer);
void count_response_tokens(ServiceState& state, const net::HttpRequest& request, Writer writer);
void show_response(ServiceState& state, const net::HttpRequest& request, Writer writer);
void delete_response(ServiceState& state, const net::HttpRequest& request, Writer writer);
void cancel_response(ServiceState& state, const net::HttpRequest& request, Writer writer);
void list_response_items(ServiceState& state, const net::HttpRequest& request, Writer writer);

// embeddings.cc, rerank.cc, classify.cc
void embeddings(ServiceState& state, const net::HttpRequest& request, Writer writer);
void rerank(ServiceState& state, const net::HttpRequest& request, Writer writer);
void classify(ServiceState& state, const net::HttpRequest& request, Writer writer);

// graphql.cc
void graphql_query(ServiceState& state, const net::HttpRequest& request, Writer writer);

// models.cc
void list_models(ServiceState& state, const net::HttpRequest& request, Writer writer);
void show_model(ServiceState& state, const net::HttpRequest& request, Writer writer);

// adapters.cc
void list_adapters(ServiceState& state, const net::HttpRequest& request, Writer writer);
void load_adapter(ServiceState& state, const net::HttpRequest& request, Writer writer);
void unload_adapter(ServiceState& state, const net::HttpRequest& request, Writer writer);

// tokens.cc
void tokenize(ServiceState& state, const net::HttpRequest& request, Writer writer);
void detokenize(ServiceState& state, const net::HttpRequest& request, Writer writer);

// ollama/generate.cc, ollama/embed.cc, ollama/models.cc, ollama/pull.cc
void ollama_generate(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_chat(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_embed(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_embeddings(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_tags(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_running(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_show(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_version(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_pull(ServiceState& state, const net::HttpRequest& request, Writer writer);
void ollama_delete(ServiceState& state, const net::HttpRequest& request, Writer writer);

// oip/models.cc
void oip_server(ServiceState& state, const net::HttpRequest& request, Writer writer);
void oip_live(ServiceState& state, const net::HttpRequest& request, Writer writer);
void oip_ready(ServiceState& state, const net::HttpRequest& request, Writer writer);
// Below /v2/models: what the end of the path says, since a model's name may have slashes.
void oip_get(ServiceState& state, const net::HttpRequest& request, Writer writer);
void oip_post(ServiceState& state, const net::HttpRequest& request, Writer writer);

// infill.cc, template.cc
void infill(ServiceState& state, const net::HttpRequest& request, Writer writer);
void apply_template(ServiceState& state, const net::HttpRequest& request, Writer writer);
void properties(ServiceState& state, const net::HttpRequest& request, Writer writer);

// status.cc
void health(ServiceState& state, const net::HttpRequest& request, Writer writer);
void readiness(ServiceState& state, const net::HttpRequest& request, Writer writer);
void metrics_page(ServiceState& state, const net::HttpRequest& request, Writer writer);
void show_version(ServiceState& state, const net::HttpRequest& request, Writer writer);

// pages.cc
void landing_page(ServiceState& state, const net::HttpRequest& request, Writer writer);
void docs_page(ServiceState& state, const net::HttpRequest& request, Writer writer);
void openapi_document(ServiceState& state, const net::HttpRequest& request, Writer writer);

}  // namespace sixfold::service
