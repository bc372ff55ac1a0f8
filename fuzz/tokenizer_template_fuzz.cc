// Chat templates come with models from strangers: any bytes must compile and render, or end in an error, within the
// limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer/chat_template.h"
#include "tokenizer/jinja/template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold::tokenizer;
  const auto compiled = jinja::Template::compile({reinterpret_cast<const char*>(data), size});
  if (!compiled.is_ok()) return 0;
  jinja::Dict message;
  message.set("role", jinja::Value::string("user"));
  message.set("content", jinja::Value::string("hi"));
  jinja::Dict variables;
  variables.set("messages", jinja::Value::list({jinja::Value::dict(message)}));
  variables.set("add_generation_prompt", jinja::Value::boolean(true));
  static_cast<void>(compiled->render(variables, 0, {.steps = 20'000, .output_bytes = 100'000, .depth = 100}));
  return 0;
}
