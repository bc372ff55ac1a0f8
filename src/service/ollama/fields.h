// Request bodies in ollama's shape.  Source: ollama's API reference (docs/api.md) and api/types.go.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

struct OllamaCall {
  GenerateRequest request;
  bool streams = true;
  bool only_loads = false;  // there is nothing to answer
  // Of /api/chat.
  std::optional<bool> thinks;  // nothing when the body does not say
  // Of /api/generate.
  bool is_raw = false;                           // the prompt is the whole text
  std::vector<TokenId> context;                  // of an earlier answer, that goes on
  std::optional<tokenizer::InfillInput> infill;  // instead of the request's input
};

struct OllamaEmbedCall {
  EmbedRequest request;  // no texts: nothing to embed
};

struct OllamaModelCall {
  std::string model;
  bool streams = true;
};

// description: of the model that is served, which says how a request is sampled and read that does not say.
Parsed<OllamaCall> parse_ollama_generate(std::string_view body, const BackendDescription& description);
Parsed<OllamaCall> parse_ollama_chat(std::string_view body, const BackendDescription& description);
// The newer /api/embed, and /api/embeddings with its single "prompt".
Parsed<OllamaEmbedCall> parse_ollama_embed(std::string_view body);
Parsed<OllamaEmbedCall> parse_ollama_embeddings(std::string_view body);
// Bodies that name a model, as "model" or by its older name "name".
Parsed<OllamaModelCall> parse_ollama_show(std::string_view body);
Parsed<OllamaModelCall> parse_ollama_pull(std::string_view body);
Parsed<OllamaModelCall> parse_ollama_delete(std::string_view body);

}  // namespace sixfold::service
