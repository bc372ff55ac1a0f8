// The tools of a request and the choice among them, as the dialects share them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/json.h"

namespace sixfold::service {

// Whether a function may have this name: letters, digits, "_", "-" and ".", at most limits::kToolNameBytesMax of them.
// Names go into grammars and templates, and clients find functions by them.
bool is_tool_name(std::string_view name);

// Adds a tool; refuses, at `path` of the reader, a name that is wrong or comes twice, and too many tools.
void add_tool(FieldReader& reader, std::string_view path, tokenizer::ChatTool tool, GenerateRequest& request);

// Refuses a name, given at `path`, that no tool of the request has.
void check_tool_exists(FieldReader& reader, std::string_view path, std::string_view name,
                       const GenerateRequest& request);

// "tools", "tool_choice" and "parallel_tool_calls" of OpenAI's chat; Ollama's tools have the same form.
void read_openai_tools(FieldReader& reader, GenerateRequest& request);
void read_openai_tool_choice(FieldReader& reader, GenerateRequest& request);

// "tool_calls" of an assistant's message, as OpenAI's and ollama's clients send them back.
std::vector<tokenizer::ChatToolCall> read_tool_calls(FieldReader& message);

// "chat_template_kwargs" of vLLM and llama.cpp: further variables of the chat template.
void read_template_arguments(FieldReader& reader, GenerateRequest& request);

// Adds one such variable.
void set_template_argument(GenerateRequest& request, std::string_view name, const json::value& value);

}  // namespace sixfold::service
