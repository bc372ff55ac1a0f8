// The table, written in Jinja.  Rows of families that were trained to call tools show tools in the form that the
// family's models know; plain lines describe them in words; the others show none, and requests with tools are refused.
#include "tokenizer/chat_fallbacks.h"

#include <algorithm>
#include <array>

namespace sixfold::tokenizer {
namespace {

// Source: the ChatML format with the tool tags of Hermes 2 Pro, which Qwen's models share.
constexpr std::string_view kChatMl =
    R"({%- if tools %}
{{- '<|im_start|>system\n' }}
{%- if messages[0].role == 'system' %}{{ messages[0].content + '\n\n' }}{% endif %}
{{- 'You may call functions. Their signatures, as JSON, one a line:\n<tools>' }}
{%- for tool in tools %}{{ '\n' ~ tool | tojson }}{% endfor %}
{{- '\n</tools>\nTo call one, write a JSON object with its name and arguments within tags:\n<tool_call>\n{"name": ' }}
{{- '"the function", "arguments": {"the argument": "its value"}}\n</tool_call><|im_end|>\n' }}
{%- endif %}
{%- for m in messages %}
{%- if m.role == 'tool' %}
{{- '<|im_start|>user\n<tool_response>\n' ~ m.content ~ '\n</tool_response><|im_end|>\n' }}
{%- elif m.role != 'system' or not tools or not loop.first %}
{{- '<|im_start|>' ~ m.role ~ '\n' ~ m.content }}
{%- for call in m.tool_calls or [] %}
{{- '\n' if m.content or not loop.first }}
{{- '<tool_call>\n{"name": ' ~ call.function.name | tojson ~ ', "arguments": ' ~ call.function.arguments | tojson }}
{{- '}\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %})";

// Source: Meta's documentation of Llama 3.1's prompt format, "JSON based tool calling".
constexpr std::string_view kLlama3 =
    R"({{- bos_token }}
{%- set ns = namespace(shows_tools=tools is not none) %}
{%- for m in messages %}
{%- if m.role == 'tool' %}
{{- '<|start_header_id|>ipython<|end_header_id|>\n\n' ~ m.content ~ '<|eot_id|>' }}
{%- elif m.tool_calls %}
{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- for call in m.tool_calls %}
{{- '; ' if not loop.first }}
{{- '{"name": ' ~ call.function.name | tojson ~ ', "parameters": ' ~ call.function.arguments | tojson ~ '}' }}
{%- endfor %}
{{- '<|eot_id|>' }}
{%- else %}
{{- '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' }}
{%- if ns.shows_tools and m.role == 'user' %}
{%- set ns.shows_tools = false %}
{{- 'You may call functions. To call one, answer with nothing but {"name": the function, "parameters": an object of ' }}
{{- 'its arguments}. The functions:\n\n' }}
{%- for tool in tools %}{{ tool | tojson ~ '\n\n' }}{% endfor %}
{%- endif %}
{{- m.content | trim ~ '<|eot_id|>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %})";

constexpr std::string_view kGemma =
    "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + "
    "'\\n' + m.content | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";

constexpr std::string_view kGranite =
    "{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}";

constexpr std::string_view kPhi3 =
    "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

constexpr std::string_view kLlama2 =
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ ' ' + m.content | trim + ' ' + eos_token }}{% else %}"
    "{{ bos_token + '[INST] ' + m.content | trim + ' [/INST]' }}{% endif %}{% endfor %}";

constexpr std::string_view kPlain =
    R"({%- if tools %}
{{- 'Functions that the assistant may call, with a JSON object {"name": ..., "arguments": {...}} as its answer:\n' }}
{%- for tool in tools %}{{ tool | tojson ~ '\n' }}{% endfor %}
{%- endif %}
{%- for m in messages %}
{{- m.role ~ ': ' ~ m.content }}
{%- for call in m.tool_calls or [] %}
{{- ' ' if m.content or not loop.first }}
{{- '{"name": ' ~ call.function.name | tojson ~ ', "arguments": ' ~ call.function.arguments | tojson ~ '}' }}
{%- endfor %}
{{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ 'assistant:' }}{% endif %})";

constexpr std::array<ChatFallback, 7> kFallbacks = {{
    {"chatml", "<|im_start|>", kChatMl},
    {"llama3", "<|start_header_id|>", kLlama3},
    {"gemma", "<start_of_turn>", kGemma},
    {"granite", "<|start_of_role|>", kGranite},
    {"phi3", "<|end|>", kPhi3},
    {"llama2", "[INST]", kLlama2},
    {"plain", "", kPlain},
}};

}  // namespace

const ChatFallback& choose_chat_fallback(const Vocabulary& vocabulary) {
  const auto* row = std::find_if(kFallbacks.begin(), kFallbacks.end(), [&](const ChatFallback& fallback) {
    return fallback.token.empty() ||
           std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), fallback.token) != vocabulary.tokens.end();
  });
  return *row;
}

}  // namespace sixfold::tokenizer
