// Schemas of the Responses API and of Anthropic's Messages.
#include "service/schemas.h"

namespace sixfold::service {

std::string_view responses_schemas() {
  return R"json(
"ResponsesRequest": {"type": "object", "required": ["input"], "properties": {
  "model": {"type": "string"},
  "input": {"description": "Text, or items: messages, function calls, their outputs, reasoning",
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]},
  "instructions": {"type": "string", "description": "System text of this request only"},
  "previous_response_id": {"type": "string", "description": "Goes on with the conversation of a response that was kept"},
  "store": {"type": "boolean", "default": true, "description": "Keep the response in memory for a day at most"},
  "background": {"type": "boolean", "default": false, "description": "Answer at once, and work on; ask by the id"},
  "stream": {"type": "boolean", "default": false},
  "stream_options": {"type": "object"},
  "tools": {"type": "array", "items": {"type": "object", "required": ["type", "name"], "properties": {
    "type": {"const": "function"}, "name": {"type": "string"}, "description": {"type": "string"},
    "parameters": {"type": "object"}, "strict": {"type": "boolean"}}}},
  "tool_choice": {"oneOf": [{"enum": ["auto", "none", "required"]}, {"type": "object"}]},
  "parallel_tool_calls": {"type": "boolean", "default": true},
  "text": {"type": "object", "properties": {"format": {"type": "object"}}},
  "reasoning": {"type": "object", "properties": {
    "effort": {"enum": ["none", "minimal", "low", "medium", "high", "xhigh"]}}},
  "include": {"type": "array", "items": {"enum": ["message.output_text.logprobs", "reasoning.encrypted_content"]}},
  "top_logprobs": {"type": "integer", "minimum": 0, "maximum": 20},
  "temperature": {"type": "number", "minimum": 0, "maximum": 2},
  "top_p": {"type": "number", "minimum": 0, "maximum": 1},
  "max_output_tokens": {"type": "integer", "minimum": 1},
  "metadata": {"type": "object"},
  "chat_template_kwargs": {"type": "object"}},
  "example": {"input": "Tell me a short story about the sea.", "max_output_tokens": 60, "stream": true}},
"ResponsesAnswer": {"type": "object", "properties": {
  "id": {"type": "string"}, "object": {"const": "response"}, "created_at": {"type": "integer"},
  "status": {"enum": ["completed", "incomplete", "in_progress", "failed", "cancelled"]},
  "model": {"type": "string"}, "error": {"type": ["object", "null"]},
  "incomplete_details": {"type": ["object", "null"]},
  "output": {"type": "array", "items": {"type": "object", "properties": {
    "type": {"enum": ["message", "reasoning", "function_call"]}}}},
  "usage": {"type": ["object", "null"]}}},
"ItemList": {"type": "object", "properties": {
  "object": {"const": "list"}, "data": {"type": "array"}, "has_more": {"type": "boolean"},
  "first_id": {"type": ["string", "null"]}, "last_id": {"type": ["string", "null"]}}},
"Deleted": {"type": "object", "properties": {
  "id": {"type": "string"}, "object": {"type": "string"}, "deleted": {"const": true}}},
"TokenCount": {"type": "object", "properties": {"input_tokens": {"type": "integer"}}}
)json";
}

std::string_view messages_schemas() {
  return R"json(
"MessagesRequest": {"type": "object", "required": ["messages", "max_tokens"], "properties": {
  "model": {"type": "string"},
  "messages": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {
    "role": {"enum": ["user", "assistant"]},
    "content": {"description": "Text, or blocks: text, thinking, tool_use, tool_result",
      "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]}}}},
  "system": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]},
  "max_tokens": {"type": "integer", "minimum": 1},
  "stop_sequences": {"type": "array", "maxItems": 16, "items": {"type": "string"}},
  "stream": {"type": "boolean", "default": false},
  "temperature": {"type": "number", "minimum": 0, "maximum": 1},
  "top_p": {"type": "number", "minimum": 0, "maximum": 1},
  "top_k": {"type": "integer", "minimum": 0},
  "tools": {"type": "array", "items": {"type": "object", "required": ["name", "input_schema"], "properties": {
    "name": {"type": "string"}, "description": {"type": "string"}, "input_schema": {"type": "object"}}}},
  "tool_choice": {"type": "object", "properties": {
    "type": {"enum": ["auto", "any", "tool", "none"]}, "name": {"type": "string"},
    "disable_parallel_tool_use": {"type": "boolean"}}},
  "thinking": {"type": "object", "properties": {
    "type": {"enum": ["enabled", "adaptive", "disabled"]}, "budget_tokens": {"type": "integer", "minimum": 1024}}},
  "output_config": {"type": "object", "properties": {
    "format": {"type": "object", "properties": {"type": {"const": "json_schema"}, "schema": {"type": "object"}}},
    "effort": {"enum": ["low", "medium", "high", "xhigh", "max"]}}}},
  "example": {"max_tokens": 60, "messages": [{"role": "user", "content": "Tell me a short story about the sea."}]}},
"MessagesAnswer": {"type": "object", "properties": {
  "id": {"type": "string"}, "type": {"const": "message"}, "role": {"const": "assistant"}, "model": {"type": "string"},
  "content": {"type": "array", "items": {"type": "object", "properties": {
    "type": {"enum": ["text", "thinking", "tool_use"]}}}},
  "stop_reason": {"enum": ["end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded"]},
  "stop_sequence": {"type": ["string", "null"]},
  "usage": {"type": "object", "properties": {
    "input_tokens": {"type": "integer"}, "output_tokens": {"type": "integer"},
    "cache_read_input_tokens": {"type": "integer"}, "cache_creation_input_tokens": {"type": "integer"}}}}}
)json";
}

}  // namespace sixfold::service
