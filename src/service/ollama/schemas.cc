// Of ollama's bodies.
#include "service/schemas.h"

namespace sixfold::service {

std::string_view ollama_schemas() {
  return R"json(
"OllamaOptions": {"type": "object", "properties": {
  "temperature": {"type": "number", "minimum": 0, "maximum": 10},
  "top_p": {"type": "number"}, "top_k": {"type": "integer"}, "min_p": {"type": "number"},
  "typical_p": {"type": "number"}, "repeat_penalty": {"type": "number"},
  "repeat_last_n": {"enum": [-1, 0], "description": "Penalties look at the whole text, or at nothing"},
  "presence_penalty": {"type": "number"}, "frequency_penalty": {"type": "number"},
  "seed": {"type": "integer", "description": "Below 0: any"},
  "num_predict": {"type": "integer", "description": "0 or less: until the context is full"},
  "num_ctx": {"type": "integer", "description": "No effect: the server's context is what there is"},
  "stop": {"oneOf": [{"type": "string"}, {"type": "array", "maxItems": 16, "items": {"type": "string"}}]}}},
"OllamaGenerateRequest": {"type": "object", "properties": {
  "model": {"type": "string"}, "prompt": {"type": "string"},
  "suffix": {"type": "string", "description": "Text that follows the answer, for models that fill in the middle"},
  "system": {"type": "string"},
  "raw": {"type": "boolean", "default": false, "description": "The prompt is the whole text"},
  "context": {"type": "array", "items": {"type": "integer"}, "description": "As an earlier answer gave it"},
  "stream": {"type": "boolean", "default": true, "description": "One object a line"},
  "format": {"description": "The answer is any object, or what a JSON Schema says",
             "oneOf": [{"enum": ["", "json"]}, {"type": "object"}]},
  "logprobs": {"type": "boolean"}, "top_logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
  "options": {"$ref": "#/components/schemas/OllamaOptions"}},
  "example": {"prompt": "Once upon a time", "stream": false, "options": {"num_predict": 40, "temperature": 0.7}}},
"OllamaChatRequest": {"type": "object", "properties": {
  "model": {"type": "string"},
  "messages": {"type": "array", "items": {"type": "object", "properties": {
    "role": {"enum": ["system", "user", "assistant", "tool"]}, "content": {"type": "string"},
    "thinking": {"type": "string"}, "tool_calls": {"type": "array", "items": {"type": "object"}},
    "tool_name": {"type": "string"}, "tool_call_id": {"type": "string"}}}},
  "tools": {"type": "array", "maxItems": 256, "items": {"type": "object"}, "description": "As OpenAI's"},
  "think": {"oneOf": [{"type": "boolean"}, {"enum": ["low", "medium", "high"]}]},
  "stream": {"type": "boolean", "default": true, "description": "One object a line"},
  "format": {"description": "The answer is any object, or what a JSON Schema says",
             "oneOf": [{"enum": ["", "json"]}, {"type": "object"}]},
  "logprobs": {"type": "boolean"}, "top_logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
  "options": {"$ref": "#/components/schemas/OllamaOptions"}},
  "example": {"messages": [{"role": "user", "content": "Tell me a story."}], "stream": false,
              "options": {"num_predict": 40}}},
"OllamaAnswer": {"type": "object", "properties": {
  "model": {"type": "string"}, "created_at": {"type": "string"},
  "response": {"type": "string", "description": "Of /api/generate"},
  "message": {"type": "object", "description": "Of /api/chat"},
  "done": {"type": "boolean"}, "done_reason": {"enum": ["stop", "length", "load"]},
  "context": {"type": "array", "items": {"type": "integer"}},
  "total_duration": {"type": "integer", "description": "Nanoseconds, as all durations"},
  "load_duration": {"type": "integer"}, "prompt_eval_count": {"type": "integer"},
  "prompt_eval_duration": {"type": "integer"}, "eval_count": {"type": "integer"},
  "eval_duration": {"type": "integer"}}},
"OllamaEmbedRequest": {"type": "object", "properties": {
  "model": {"type": "string"},
  "input": {"oneOf": [{"type": "string"}, {"type": "array", "maxItems": 2048, "items": {"type": "string"}}]},
  "truncate": {"type": "boolean", "default": true}, "dimensions": {"type": "integer"},
  "options": {"$ref": "#/components/schemas/OllamaOptions"}},
  "example": {"input": ["A cat sat on the mat.", "A feline rested on a rug."]}},
"OllamaEmbedAnswer": {"type": "object", "properties": {
  "model": {"type": "string"},
  "embeddings": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
  "total_duration": {"type": "integer"}, "load_duration": {"type": "integer"},
  "prompt_eval_count": {"type": "integer"}}},
"OllamaEmbeddingsRequest": {"type": "object", "properties": {
  "model": {"type": "string"}, "prompt": {"type": "string"},
  "options": {"$ref": "#/components/schemas/OllamaOptions"}},
  "example": {"prompt": "A cat sat on the mat."}},
"OllamaEmbeddingsAnswer": {"type": "object", "properties": {
  "embedding": {"type": "array", "items": {"type": "number"}}}},
"OllamaModelRequest": {"type": "object", "required": ["model"], "properties": {
  "model": {"type": "string"}, "name": {"type": "string", "description": "Older name of model"}},
  "example": {"model": "default"}},
"OllamaPullRequest": {"type": "object", "required": ["model"], "properties": {
  "model": {"type": "string", "description": "A name of the catalogue, hf:ORG/NAME or a name of ollama's registry"},
  "name": {"type": "string", "description": "Older name of model"},
  "stream": {"type": "boolean", "default": true}},
  "example": {"model": "smollm2-135m"}},
"OllamaPullAnswer": {"type": "object", "properties": {
  "status": {"type": "string"}, "digest": {"type": "string"},
  "total": {"type": "integer"}, "completed": {"type": "integer"}}},
"OllamaModel": {"type": "object", "properties": {
  "modelfile": {"type": "string"}, "parameters": {"type": "string"},
  "template": {"type": "string", "description": "The chat template, in Jinja"},
  "details": {"type": "object"}, "model_info": {"type": "object"},
  "capabilities": {"type": "array", "items": {"type": "string"}}, "modified_at": {"type": "string"}}},
"OllamaModelList": {"type": "object", "properties": {
  "models": {"type": "array", "items": {"type": "object"}}}}
)json";
}

}  // namespace sixfold::service
