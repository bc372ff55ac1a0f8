// The table, and the router made from it.
#include "service/routes.h"

#include <array>
#include <memory>
#include <utility>

#include "service/cross_origin.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kText = "text/plain";

constexpr std::string_view kGenerate = "Generate";
constexpr std::string_view kRead = "Read";
constexpr std::string_view kModels = "Models";
constexpr std::string_view kTokens = "Tokens";
constexpr std::string_view kOperate = "Operate";

constexpr std::array kTable = std::to_array<RouteRow>({
    {"POST", "/v1/chat/completions", kGenerate, "Answer a conversation", "ChatRequest", "ChatAnswer", kJson, true,
     chat_completions},
    {"POST", "/v1/completions", kGenerate, "Continue text", "CompletionRequest", "CompletionAnswer", kJson, true,
     completions},
    {"POST", "/v1/responses", kGenerate, "Answer a conversation that the server may keep", "ResponsesRequest",
     "ResponsesAnswer", kJson, true, create_response},
    {"POST", "/v1/responses/input_tokens", kGenerate, "Count the tokens of such a conversation", "ResponsesRequest",
     "TokenCount", kJson, true, count_response_tokens},
    {"GET", "/v1/responses/{response_id}", kGenerate, "A response that was kept", "", "ResponsesAnswer", kJson, true,
     show_response},
    {"DELETE", "/v1/responses/{response_id}", kGenerate, "Forget a response", "", "Deleted", kJson, true,
     delete_response},
    {"POST", "/v1/responses/{response_id}/cancel", kGenerate, "End a response that is made in the background", "",
     "ResponsesAnswer", kJson, true, cancel_response},
    {"GET", "/v1/responses/{response_id}/input_items", kGenerate, "The input of a response", "", "ItemList", kJson,
     true, list_response_items},
    {"POST", "/v1/messages", kGenerate, "Answer a conversation, in Anthropic's form", "MessagesRequest",
     "MessagesAnswer", kJson, true, messages},
    {"POST", "/v1/messages/count_tokens", kGenerate, "Count the tokens of such a conversation", "MessagesRequest",
     "TokenCount", kJson, true, count_tokens},
    {"POST", "/predict", kGenerate, "Input to result, with nothing else to learn", "PredictRequest", "PredictAnswer",
     kJson, true, predict},
    {"POST", "/v1/embeddings", kRead, "Vectors of texts", "EmbeddingsRequest", "EmbeddingsAnswer", kJson, true,
     embeddings},
    {"POST", "/v1/rerank", kRead, "Order documents by their relevance to a query", "RerankRequest", "RerankAnswer",
     kJson, true, rerank},
    {"POST", "/rerank", kRead, "Order documents by their relevance to a query", "RerankRequest", "RerankAnswer", kJson,
     false, rerank},
    {"POST", "/v2/rerank", kRead, "Order documents by their relevance to a query", "RerankRequest", "RerankAnswer",
     kJson, false, rerank},
    {"POST", "/classify", kRead, "Probabilities of classes for texts", "ClassifyRequest", "ClassifyAnswer", kJson, true,
     classify},
    {"POST", "/graphql", kRead, "Models, generation, embeddings, classes and ranking as a graph", "GraphqlRequest",
     "GraphqlAnswer", kJson, true, graphql_query},
    {"GET", "/graphql", kRead, "The same with the query in the address", "", "GraphqlAnswer", kJson, false,
     graphql_query},
    {"GET", "/v1/models", kModels, "List the models", "", "ModelList", kJson, true, list_models},
    {"GET", "/v1/models/{model...}", kModels, "Describe one model", "", "Model", kJson, true, show_model},
    {"POST", "/v1/load_lora_adapter", kModels, "Load a LoRA adapter, a model name of its own from then on",
     "LoadAdapterRequest", "", kText, true, load_adapter},
    {"POST", "/v1/unload_lora_adapter", kModels, "Unload a LoRA adapter; requests that use it go on",
     "UnloadAdapterRequest", "", kText, true, unload_adapter},
    {"GET", "/lora-adapters", kModels, "List the LoRA adapters", "", "AdapterList", kJson, true, list_adapters},
    {"POST", "/tokenize", kTokens, "Text to token ids", "TokenizeRequest", "TokenizeAnswer", kJson, true, tokenize},
    {"POST", "/detokenize", kTokens, "Token ids to text", "DetokenizeRequest", "DetokenizeAnswer", kJson, true,
     detokenize},
    {"GET", "/livez", kOperate, "The process runs", "", "Health", kJson, true, health},
    {"GET", "/health", kOperate, "The process runs", "", "Health", kJson, true, health},
    {"GET", "/v1/health", kOperate, "The process runs", "", "Health", kJson, false, health},
    {"GET", "/healthz", kOperate, "The process runs", "", "Health", kJson, false, health},
    {"GET", "/readyz", kOperate, "Decoding advances and the server is not stopping; 503 otherwise", "", "Readiness",
     kJson, true, readiness},
    {"GET", "/metrics", kOperate, "Metrics in Prometheus' text format", "", "", kText, true, metrics_page},
    {"GET", "/version", kOperate, "The server's version", "", "Version", kJson, true, show_version},
    {"GET", "/openapi.json", kOperate, "This document", "", "", kJson, false, openapi_document},
    {"GET", "/docs", kOperate, "Try the endpoints in a browser", "", "", kHtml, false, docs_page},
    {"GET", "/", kOperate, "Where to go from here", "", "", kJson, false, landing_page},
});

}  // namespace

std::span<const RouteRow> route_table() {
  return kTable;
}

net::Router make_router(ServiceState& state, bool allows_cross_origin) {
  net::Router router;
  for (const RouteRow& row : kTable) {
    const auto handle = row.handle;
    router.add({std::string(row.method), std::string(row.pattern),
                [&state, handle, allows_cross_origin](const net::HttpRequest& request, Writer writer) {
                  if (allows_cross_origin) writer = with_cross_origin(std::move(writer));
                  handle(state, request, std::move(writer));
                }});
  }
  return router;
}

}  // namespace sixfold::service
