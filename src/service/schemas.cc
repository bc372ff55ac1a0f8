// Written by hand; a test holds the names here against the fields that the parsers read.
#include "service/schemas.h"

#include <string>

namespace sixfold::service {
namespace {

// What every request for text has: the names of generation_fields() but for the lengths.
constexpr std::string_view kGeneration = R"json(
  "temperature": {"type": "number", "minimum": 0, "maximum": 10, "default": 1, "description": "0: always the likeliest"},
  "top_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
  "top_k": {"type": "integer", "minimum": -1, "default": 0, "description": "0 or -1: off"},
  "min_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
  "typical_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
  "presence_penalty": {"type": "number", "minimum": -2, "maximum": 2, "default": 0},
  "frequency_penalty": {"type": "number", "minimum": -2, "maximum": 2, "default": 0},
  "repetition_penalty": {"type": "number", "exclusiveMinimum": 0, "maximum": 10, "default": 1},
  "logit_bias": {"type": "object", "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100}},
  "seed": {"type": "integer", "description": "The same seed gives the same answer"},
  "stop": {"oneOf": [{"type": "string"}, {"type": "array", "maxItems": 16, "items": {"type": "string"}}]},
  "lora": {"type": "array", "description": "One adapter by the id of /lora-adapters; naming it as the model is easier",
    "items": {"type": "object", "properties": {"id": {"type": "integer"}, "scale": {"type": "number"}}}},
  "response_format": {"$ref": "#/components/schemas/ResponseFormat"},
  "grammar": {"type": "string", "description": "GBNF that the answer must match"},
  "json_schema": {"description": "A JSON Schema that the answer must satisfy", "oneOf": [{"type": "object"}, {"type": "boolean"}, {"type": "string"}]},
  "regex": {"type": "string", "description": "A regular expression that the whole answer must match"},
  "choice": {"type": "array", "items": {"type": "string"}, "description": "Texts of which the answer is one"},
  "guided_json": {"description": "vLLM's name of json_schema"},
  "guided_regex": {"type": "string", "description": "vLLM's name of regex"},
  "guided_choice": {"type": "array", "description": "vLLM's name of choice"},
  "guided_grammar": {"type": "string", "description": "vLLM's name of grammar"},
  "structured_outputs": {"type": "object", "description": "vLLM's newer form", "properties": {
    "json": {}, "regex": {"type": "string"}, "choice": {"type": "array"}, "grammar": {"type": "string"},
    "json_object": {"type": "boolean"}}},
  "ignore_eos": {"type": "boolean", "default": false, "description": "Go on after the model's end token"})json";

// @generation@ stands for those.
constexpr std::string_view kShared = R"json(
"ChatRequest": {"type": "object", "required": ["messages"], "properties": {
  "model": {"type": "string", "description": "The served model's name; \"default\" or nothing means it too"},
  @generation@,
  "messages": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Message"}},
  "stream": {"type": "boolean", "default": false, "description": "Send server-sent events as tokens come"},
  "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean", "default": false}}},
  "max_completion_tokens": {"type": "integer", "minimum": 1, "description": "Default: until the context is full"},
  "max_tokens": {"type": "integer", "minimum": 1, "description": "Older name of max_completion_tokens"},
  "n": {"type": "integer", "minimum": 1, "maximum": 128, "default": 1},
  "logprobs": {"type": "boolean", "default": false},
  "top_logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
  "tools": {"type": "array", "maxItems": 256, "items": {"$ref": "#/components/schemas/Tool"}},
  "tool_choice": {"description": "auto, none, required, or the function to call",
    "oneOf": [{"enum": ["auto", "none", "required"]}, {"type": "object"}]},
  "parallel_tool_calls": {"type": "boolean", "default": true, "description": "false: at most one call in an answer"},
  "chat_template_kwargs": {"type": "object", "description": "Further variables of the model's chat template"},
  "thinking_token_budget": {"type": "integer", "minimum": -1, "description": "Then the reasoning is closed"},
  "reasoning_effort": {"enum": ["none", "minimal", "low", "medium", "high", "xhigh"],
    "description": "Of models that think: none switches it off where the chat template lets one"}},
  "example": {"messages": [{"role": "user", "content": "Tell me a short story about the sea."}],
              "max_completion_tokens": 120, "temperature": 0.7, "stream": true}},
"ResponseFormat": {"type": "object", "required": ["type"], "properties": {
  "type": {"enum": ["text", "json_object", "json_schema"]},
  "json_schema": {"type": "object", "required": ["schema"], "properties": {
    "name": {"type": "string"}, "description": {"type": "string"}, "strict": {"type": "boolean"},
    "schema": {"type": "object", "description": "What cannot be enforced is refused"}}},
  "schema": {"type": "object", "description": "The schema itself, as llama.cpp takes it"}}},
"Tool": {"type": "object", "required": ["type", "function"], "properties": {
  "type": {"const": "function"},
  "function": {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string", "maxLength": 128}, "description": {"type": "string"},
    "parameters": {"type": "object", "description": "JSON Schema of the arguments"},
    "strict": {"type": "boolean", "default": false}}}}},
"ToolCall": {"type": "object", "properties": {
  "id": {"type": "string"}, "type": {"const": "function"},
  "function": {"type": "object", "properties": {"name": {"type": "string"},
    "arguments": {"type": "string", "description": "JSON text"}}}}},
"Message": {"type": "object", "required": ["role"], "properties": {
  "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
  "tool_calls": {"type": "array", "items": {"$ref": "#/components/schemas/ToolCall"}},
  "tool_call_id": {"type": "string", "description": "Of a tool's result: the call"},
  "name": {"type": "string"},
  "reasoning_content": {"type": "string", "description": "What the model thought before it answered"},
  "content": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object",
    "required": ["type", "text"], "properties": {"type": {"const": "text"}, "text": {"type": "string"}}}}]}}},
"Usage": {"type": "object", "properties": {
  "prompt_tokens": {"type": "integer"}, "completion_tokens": {"type": "integer"}, "total_tokens": {"type": "integer"},
  "prompt_tokens_details": {"type": "object", "properties": {"cached_tokens": {"type": "integer"}}},
  "completion_tokens_details": {"type": "object", "properties": {"reasoning_tokens": {"type": "integer"}}}}},
"ChatAnswer": {"type": "object", "properties": {
  "id": {"type": "string"}, "object": {"const": "chat.completion"}, "created": {"type": "integer"},
  "model": {"type": "string"}, "system_fingerprint": {"type": "string"},
  "choices": {"type": "array", "items": {"type": "object", "properties": {
    "index": {"type": "integer"}, "message": {"$ref": "#/components/schemas/Message"},
    "logprobs": {"type": ["object", "null"]}, "finish_reason": {"enum": ["stop", "length", "tool_calls"]}}}},
  "usage": {"$ref": "#/components/schemas/Usage"}}},
"CompletionRequest": {"type": "object", "required": ["prompt"], "properties": {
  "model": {"type": "string"},
  "prompt": {"description": "Text, token ids, or an array of either", "oneOf": [{"type": "string"}, {"type": "array"}]},
  "suffix": {"type": "string", "description": "Text that follows the answer, for models that fill in the middle"},
  "echo": {"type": "boolean", "default": false, "description": "Put the prompt before each answer"},
  "stream": {"type": "boolean", "default": false},
  "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean", "default": false}}},
  "max_tokens": {"type": "integer", "minimum": 1, "default": 16},
  "n": {"type": "integer", "minimum": 1, "maximum": 128, "default": 1},
  "best_of": {"type": "integer", "description": "Only the value of n"},
  "logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
  @generation@},
  "example": {"prompt": "Once upon a time", "max_tokens": 60, "temperature": 0.7}},
"CompletionAnswer": {"type": "object", "properties": {
  "id": {"type": "string"}, "object": {"const": "text_completion"}, "created": {"type": "integer"},
  "model": {"type": "string"}, "system_fingerprint": {"type": "string"},
  "choices": {"type": "array", "items": {"type": "object", "properties": {
    "index": {"type": "integer"}, "text": {"type": "string"},
    "logprobs": {"type": ["object", "null"]}, "finish_reason": {"enum": ["stop", "length"]}}}},
  "usage": {"$ref": "#/components/schemas/Usage"}}},
"PredictRequest": {"type": "object", "required": ["input"], "properties": {
  "input": {"type": "string", "description": "What a user says to a chat model, or text for any other to go on with"},
  "parameters": {"type": "object", "description": "The same names as beside it: max_tokens, temperature, seed ..."},
  "model": {"type": "string"},
  "max_tokens": {"type": "integer", "minimum": 1, "default": 256},
  @generation@},
  "example": {"input": "Once upon a time", "parameters": {"max_tokens": 60, "temperature": 0.7}}},
"PredictAnswer": {"type": "object", "properties": {
  "result": {"type": "string"}, "finish_reason": {"enum": ["stop", "length"]}, "model": {"type": "string"},
  "usage": {"$ref": "#/components/schemas/Usage"}}},
"ReadUsage": {"type": "object", "properties": {
  "prompt_tokens": {"type": "integer"}, "total_tokens": {"type": "integer"}}},
"EmbeddingsRequest": {"type": "object", "required": ["input"], "properties": {
  "model": {"type": "string"},
  "input": {"description": "Text, token ids, or an array of either; at most 2048 texts",
            "oneOf": [{"type": "string"}, {"type": "array"}]},
  "encoding_format": {"enum": ["float", "base64"], "default": "float"},
  "dimensions": {"type": "integer", "minimum": 1, "description": "The first so many numbers, of length 1 again"},
  "truncate": {"type": "boolean", "default": false, "description": "Cut a text that is too long, instead of refusing"}},
  "example": {"input": ["A cat sat on the mat.", "A feline rested on a rug."]}},
"EmbeddingsAnswer": {"type": "object", "properties": {
  "object": {"const": "list"}, "model": {"type": "string"},
  "data": {"type": "array", "items": {"type": "object", "properties": {
    "object": {"const": "embedding"}, "index": {"type": "integer"},
    "embedding": {"description": "Numbers, or base64 of them as little-endian 32-bit floats",
                  "oneOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string"}]}}}},
  "usage": {"$ref": "#/components/schemas/ReadUsage"}}},
"RerankRequest": {"type": "object", "required": ["query", "documents"], "properties": {
  "model": {"type": "string"},
  "query": {"type": "string"},
  "documents": {"type": "array", "minItems": 1, "maxItems": 2048, "items": {"oneOf": [{"type": "string"},
    {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}]}},
  "top_n": {"type": "integer", "minimum": 1, "description": "Only the best so many"},
  "return_documents": {"type": "boolean", "default": false},
  "raw_scores": {"type": "boolean", "default": false, "description": "Before the sigmoid that makes probabilities"},
  "truncate": {"type": "boolean", "default": true, "description": "Cut documents that are too long"}},
  "example": {"query": "Where does the cat sit?", "documents": ["The cat sits on the mat.", "It rains."]}},
"RerankAnswer": {"type": "object", "properties": {
  "model": {"type": "string"},
  "results": {"type": "array", "description": "Best first", "items": {"type": "object", "properties": {
    "index": {"type": "integer"}, "relevance_score": {"type": "number"},
    "document": {"type": "object", "properties": {"text": {"type": "string"}}}}}},
  "usage": {"$ref": "#/components/schemas/ReadUsage"}}},
"ClassifyRequest": {"type": "object", "required": ["input"], "properties": {
  "model": {"type": "string"},
  "input": {"oneOf": [{"type": "string"}, {"type": "array", "maxItems": 2048, "items": {"type": "string"}}]},
  "truncate": {"type": "boolean", "default": false, "description": "Cut a text that is too long, instead of refusing"}},
  "example": {"input": "What a wonderful day!"}},
"ClassifyAnswer": {"type": "object", "properties": {
  "object": {"const": "list"}, "model": {"type": "string"},
  "data": {"type": "array", "items": {"type": "object", "properties": {
    "index": {"type": "integer"}, "label": {"type": "string"}, "num_classes": {"type": "integer"},
    "probs": {"type": "array", "items": {"type": "number"}}}}},
  "usage": {"$ref": "#/components/schemas/ReadUsage"}}},
"GraphqlRequest": {"type": "object", "required": ["query"], "properties": {
  "query": {"type": "string", "description": "A GraphQL document; introspection tells the schema"},
  "variables": {"type": ["object", "null"]},
  "operationName": {"type": ["string", "null"], "description": "Which operation of the document"}},
  "example": {"query": "query ($prompt: String!) {\n  models { name }\n  generate(prompt: $prompt, options: {maxTokens: 40}) { text usage { completionTokens } }\n}",
              "variables": {"prompt": "Once upon a time"}}},
"GraphqlAnswer": {"type": "object", "properties": {
  "data": {"type": ["object", "null"]},
  "errors": {"type": "array", "items": {"type": "object", "properties": {"message": {"type": "string"}}}}}},
"Model": {"type": "object", "properties": {
  "id": {"type": "string"}, "object": {"const": "model"}, "created": {"type": "integer"},
  "owned_by": {"type": "string"}, "max_model_len": {"type": "integer"},
  "root": {"type": "string", "description": "Of an adapter: where it came from"},
  "parent": {"type": "string", "description": "Of an adapter: the model that it changes"},
  "sixfold": {"type": "object", "description": "Architecture, weights, size, context and the chat template's name"}}},
"ModelList": {"type": "object", "properties": {
  "object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}}}},
"LoadAdapterRequest": {"type": "object", "required": ["lora_name", "lora_path"], "properties": {
  "lora_name": {"type": "string", "description": "Its name as a model"},
  "lora_path": {"type": "string", "description": "A file or folder inside the folder that the server was started with"}},
  "example": {"lora_name": "poet", "lora_path": "poet"}},
"UnloadAdapterRequest": {"type": "object", "required": ["lora_name"], "properties": {
  "lora_name": {"type": "string"}}, "example": {"lora_name": "poet"}},
"AdapterList": {"type": "array", "items": {"type": "object", "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "path": {"type": "string"},
  "scale": {"type": "number", "description": "Of requests that name it and say no other"}}}},
"TokenizeRequest": {"type": "object", "required": ["content"], "properties": {
  "content": {"type": "string"},
  "text": {"type": "string", "description": "The same as content"},
  "prompt": {"type": "string", "description": "The same as content"},
  "add_special": {"type": "boolean", "default": false, "description": "Add the tokens that begin or end a prompt"},
  "parse_special": {"type": "boolean", "default": true, "description": "Read <|names|> of special tokens as such"},
  "with_pieces": {"type": "boolean", "default": false, "description": "Give each token's text too"}},
  "example": {"content": "Once upon a time", "with_pieces": true}},
"TokenizeAnswer": {"type": "object", "properties": {"tokens": {"type": "array"}, "count": {"type": "integer"}}},
"DetokenizeRequest": {"type": "object", "required": ["tokens"], "properties": {
  "tokens": {"type": "array", "items": {"type": "integer"}}}, "example": {"tokens": [40, 41, 42]}},
"DetokenizeAnswer": {"type": "object", "properties": {"content": {"type": "string"}}},
"InfillRequest": {"type": "object", "properties": {
  "model": {"type": "string"},
  "input_prefix": {"type": "string"}, "input_suffix": {"type": "string"},
  "input_extra": {"type": "array", "items": {"type": "object", "properties": {
    "filename": {"type": "string"}, "text": {"type": "string"}}}},
  "prompt": {"type": "string", "description": "How the middle begins"},
  "n_predict": {"type": "integer", "default": -1}, "stream": {"type": "boolean", "default": false},
  "repeat_penalty": {"type": "number"},
  "samplers": {"type": "array", "items": {"type": "string"}, "description": "Samplers that are not named are off"},
  "n_indent": {"type": "integer", "minimum": 0, "description": "Of later lines; the text ends before one with less"},
  "temperature": {"type": "number"}, "top_p": {"type": "number"}, "top_k": {"type": "integer"},
  "min_p": {"type": "number"}, "seed": {"type": "integer"}, "stop": {"type": "array", "items": {"type": "string"}}},
  "example": {"input_prefix": "def add(a, b):\n", "input_suffix": "\n\nprint(add(1, 2))\n", "n_predict": 32}},
"InfillAnswer": {"type": "object", "properties": {
  "content": {"type": "string"}, "stop": {"type": "boolean"}, "model": {"type": "string"},
  "stop_type": {"enum": ["none", "eos", "limit", "word"]}, "stopping_word": {"type": "string"},
  "tokens_predicted": {"type": "integer"}, "tokens_evaluated": {"type": "integer"},
  "tokens_cached": {"type": "integer"}, "truncated": {"type": "boolean"}, "timings": {"type": "object"}}},
"TemplateRequest": {"type": "object", "required": ["messages"], "properties": {
  "model": {"type": "string"},
  "messages": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Message"}}},
  "example": {"messages": [{"role": "user", "content": "Hello"}]}},
"TemplateAnswer": {"type": "object", "properties": {"prompt": {"type": "string"}}},
"Properties": {"type": "object", "properties": {
  "model_alias": {"type": "string"}, "chat_template": {"type": "string"}, "build_info": {"type": "string"},
  "default_generation_settings": {"type": "object"}}},
"Health": {"type": "object", "properties": {"status": {"const": "ok"}}},
"Readiness": {"type": "object", "properties": {
  "status": {"enum": ["ready", "not ready"]}, "reason": {"type": "string"}}},
"Version": {"type": "object", "properties": {"version": {"type": "string"}}},
"Error": {"type": "object", "properties": {"error": {"type": "object", "properties": {
  "message": {"type": "string"}, "type": {"type": "string"}, "param": {"type": ["string", "null"]},
  "code": {"type": ["string", "null"]}}}}},
"TextError": {"type": "object", "properties": {"error": {"type": "string"}}},
"PlainError": {"type": "object", "properties": {"error": {"type": "object", "properties": {
  "code": {"type": "string"}, "message": {"type": "string"}, "field": {"type": ["string", "null"]}}}}}
)json";

std::string shared_schemas() {
  constexpr std::string_view kPlace = "@generation@";
  std::string schemas(kShared);
  for (std::size_t at = schemas.find(kPlace); at != std::string::npos; at = schemas.find(kPlace, at)) {
    schemas.replace(at, kPlace.size(), kGeneration);
  }
  return schemas;
}

}  // namespace

std::string_view schemas_json() {
  static const std::string kAll = "{" + shared_schemas() + "," + std::string(ollama_schemas()) + "," +
                                  std::string(oip_schemas()) + "," + std::string(responses_schemas()) + "," +
                                  std::string(messages_schemas()) + "}";
  return kAll;
}

}  // namespace sixfold::service
