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
constexpr std::string_view kEvents = "text/event-stream";

constexpr std::string_view kGenerate = "Generate";
constexpr std::string_view kRead = "Read";
constexpr std::string_view kModels = "Models";
constexpr std::string_view kTokens = "Tokens";
constexpr std::string_view kOllama = "Ollama";
constexpr std::string_view kOip = "Open Inference Protocol";
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
    {"POST", "/v1/classify", kRead, "Probabilities of classes for texts", "ClassifyRequest", "ClassifyAnswer", kJson,
     false, classify},
    {"POST", "/infill", kGenerate, "Write what stands between two texts", "InfillRequest", "InfillAnswer", kJson, true,
     infill},
    {"POST", "/apply-template", kTokens, "A conversation as the text that the model reads", "TemplateRequest",
     "TemplateAnswer", kJson, true, apply_template},
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
    {"POST", "/api/generate", kOllama, "Continue text, or answer it", "OllamaGenerateRequest", "OllamaAnswer", kJson,
     true, ollama_generate},
    {"POST", "/api/chat", kOllama, "Answer a conversation", "OllamaChatRequest", "OllamaAnswer", kJson, true,
     ollama_chat},
    {"POST", "/api/embed", kOllama, "Vectors of texts", "OllamaEmbedRequest", "OllamaEmbedAnswer", kJson, true,
     ollama_embed},
    {"POST", "/api/embeddings", kOllama, "The vector of one text", "OllamaEmbeddingsRequest", "OllamaEmbeddingsAnswer",
     kJson, true, ollama_embeddings},
    {"GET", "/api/tags", kOllama, "List the models", "", "OllamaModelList", kJson, true, ollama_tags},
    {"GET", "/api/ps", kOllama, "List the models in memory", "", "OllamaModelList", kJson, true, ollama_running},
    {"POST", "/api/show", kOllama, "Describe one model", "OllamaModelRequest", "OllamaModel", kJson, true, ollama_show},
    {"GET", "/api/version", kOllama, "The version of ollama's interface", "", "Version", kJson, true, ollama_version},
    {"POST", "/api/pull", kOllama, "Download a model, if the server allows it", "OllamaPullRequest", "OllamaPullAnswer",
     kJson, true, ollama_pull},
    {"DELETE", "/api/delete", kOllama, "Remove a model from this machine, if the server allows it",
     "OllamaModelRequest", "", kText, true, ollama_delete},
    {"GET", "/v2", kOip, "The server", "", "OipServer", kJson, true, oip_server},
    {"GET", "/v2/health/live", kOip, "The process runs", "", "OipHealth", kJson, true, oip_live},
    {"GET", "/v2/health/ready", kOip, "Decoding advances and the server is not stopping; 503 otherwise", "",
     "OipHealth", kJson, true, oip_ready},
    {"GET", "/v2/models/{model}", kOip, "Inputs and outputs of a model", "", "OipModel", kJson, true, oip_get},
    {"GET", "/v2/models/{model}/versions/{version}", kOip, "Inputs and outputs of a model", "", "OipModel", kJson, true,
     oip_get},
    {"GET", "/v2/models/{model}/ready", kOip, "The model can answer; 503 otherwise", "", "OipHealth", kJson, true,
     oip_get},
    {"GET", "/v2/models/{model}/versions/{version}/ready", kOip, "The model can answer; 503 otherwise", "", "OipHealth",
     kJson, true, oip_get},
    {"GET", "/v2/models/{path...}", kOip, "The same for names with slashes", "", "OipModel", kJson, false, oip_get},
    {"POST", "/v2/models/{model}/infer", kOip, "Tensors to tensors", "OipInferRequest", "OipInferAnswer", kJson, true,
     oip_post},
    {"POST", "/v2/models/{model}/versions/{version}/infer", kOip, "Tensors to tensors", "OipInferRequest",
     "OipInferAnswer", kJson, true, oip_post},
    {"POST", "/v2/models/{model}/generate", kOip, "Continue text", "OipGenerateRequest", "OipGenerateAnswer", kJson,
     true, oip_post},
    {"POST", "/v2/models/{model}/versions/{version}/generate", kOip, "Continue text", "OipGenerateRequest",
     "OipGenerateAnswer", kJson, true, oip_post},
    {"POST", "/v2/models/{model}/generate_stream", kOip, "Continue text, as server-sent events", "OipGenerateRequest",
     "", kEvents, true, oip_post},
    {"POST", "/v2/models/{model}/versions/{version}/generate_stream", kOip, "Continue text, as server-sent events",
     "OipGenerateRequest", "", kEvents, true, oip_post},
    {"POST", "/v2/models/{path...}", kOip, "The same for names with slashes", "OipInferRequest", "OipInferAnswer",
     kJson, false, oip_post},
    {"GET", "/props", kOperate, "The server's settings, in the form of llama.cpp's", "", "Properties", kJson, true,
     properties},
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
