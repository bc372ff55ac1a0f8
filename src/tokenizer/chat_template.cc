// Chat templates: the model's own Jinja, or a fallback written in Jinja too.
#include "tokenizer/chat_template.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer {
namespace {

// Fallbacks for files without a template, chosen by a special token that only that family has.
struct Fallback {
  std::string_view name;
  std::string_view token;  // its presence in the vocabulary chooses the row; empty: always
  std::string_view source;
};

constexpr std::array<Fallback, 7> kFallbacks = {{
    {"chatml", "<|im_start|>",
     "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"},
    {"llama3", "<|start_header_id|>",
     "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content "
     "| trim + "
     "'<|eot_id|>' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"},
    {"gemma", "<start_of_turn>",
     "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + "
     "'\\n' + "
     "m.content | trim + '<end_of_turn>\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"},
    {"granite", "<|start_of_role|>",
     "{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}"
     "{% endfor %}{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}"},
    {"phi3", "<|end|>",
     "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"},
    {"llama2", "[INST]",
     "{% for m in messages %}{% if m.role == 'assistant' %}{{ ' ' + m.content | trim + ' ' + eos_token }}{% else %}"
     "{{ bos_token + '[INST] ' + m.content | trim + ' [/INST]' }}{% endif %}{% endfor %}"},
    {"plain", "",
     "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"},
}};

const Fallback& choose_fallback(const Vocabulary& vocabulary) {
  const auto* row = std::find_if(kFallbacks.begin(), kFallbacks.end(), [&](const Fallback& fallback) {
    return fallback.token.empty() ||
           std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), fallback.token) != vocabulary.tokens.end();
  });
  return *row;  // the last row always fits
}

class JinjaChatTemplate final : public ChatTemplate {
 public:
  JinjaChatTemplate(std::string name, jinja::Template compiled)
      : name_(std::move(name)), template_(std::move(compiled)) {}

  Result<std::string> render(const ChatInput& input) const override {
    using jinja::Value;
    jinja::List messages;
    for (const ChatMessage& message : input.messages) {
      jinja::Dict entry;
      entry.set("role", Value::string(message.role));
      entry.set("content", Value::string(message.content));
      messages.push_back(Value::dict(std::move(entry)));
    }
    jinja::Dict variables;
    variables.set("messages", Value::list(std::move(messages)));
    variables.set("add_generation_prompt", Value::boolean(input.adds_generation_prompt));
    variables.set("bos_token", Value::string(input.bos_token));
    variables.set("eos_token", Value::string(input.eos_token));
    variables.set("tools", Value::none());
    variables.set("documents", Value::none());
    return template_.render(variables, input.now_unix_seconds);
  }

  std::string_view name() const override { return name_; }

 private:
  std::string name_;
  jinja::Template template_;
};

}  // namespace

Result<std::unique_ptr<ChatTemplate>> make_chat_template(std::string_view source, const Vocabulary& vocabulary) {
  const bool is_own = !source.empty();
  const Fallback& fallback = choose_fallback(vocabulary);
  auto compiled = jinja::Template::compile(is_own ? source : fallback.source);
  if (!compiled.is_ok()) return with_context(std::move(compiled).error(), "chat template");
  return std::unique_ptr<ChatTemplate>(
      std::make_unique<JinjaChatTemplate>(is_own ? "model's own" : std::string(fallback.name), *std::move(compiled)));
}

}  // namespace sixfold::tokenizer
