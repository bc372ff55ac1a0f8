// The list.  A new form is a parser in its own file and a row here; docs/add_a_tool_format.md.
#include "service/chat/chat_format.h"

#include <algorithm>

#include "service/openai_output.h"

namespace sixfold::service {

std::span<const ToolFormat> tool_formats() {
  static const std::vector<ToolFormat> kFormats = {
      {.name = "deepseek",
       .sign = "<｜tool▁call▁begin｜>",
       .make_parser = make_deepseek_parser,
       .frame = {.begin = "<｜tool▁calls▁begin｜>",
                 .before_name = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
                 .after_name = "\n```json\n",
                 .after_arguments = "\n```<｜tool▁call▁end｜>",
                 .between = "\n",
                 .end = "<｜tool▁calls▁end｜>"},
       .triggers = {"<｜tool▁calls▁begin｜>"},
       .shows_special = true},
      {.name = "hermes",
       .sign = "<tool_call>",
       .make_parser = make_hermes_parser,
       .frame = {.begin = "",
                 .before_name = "<tool_call>\n{\"name\": \"",
                 .after_name = "\", \"arguments\": ",
                 .after_arguments = "}\n</tool_call>",
                 .between = "\n",
                 .end = ""},
       .triggers = {"<tool_call>"}},
      {.name = "mistral_args",
       .sign = "[ARGS]",
       .make_parser = make_mistral_parser,
       .frame = {.begin = "",
                 .before_name = "[TOOL_CALLS]",
                 .after_name = "[ARGS]",
                 .after_arguments = "",
                 .between = "",
                 .end = ""},
       .triggers = {"[TOOL_CALLS]"},
       .shows_special = true,
       .id_length = 9},
      {.name = "mistral",
       .sign = "[TOOL_CALLS]",
       .make_parser = make_mistral_parser,
       .frame = {.begin = "[TOOL_CALLS][",
                 .before_name = "{\"name\": \"",
                 .after_name = "\", \"arguments\": ",
                 .after_arguments = "}",
                 .between = ", ",
                 .end = "]"},
       .triggers = {"[TOOL_CALLS]"},
       .shows_special = true,
       .id_length = 9},
      {.name = "llama3",
       .sign = "<|start_header_id|>",
       .make_parser = make_llama3_parser,
       .frame = {.begin = "",
                 .before_name = "{\"name\": \"",
                 .after_name = "\", \"parameters\": ",
                 .after_arguments = "}",
                 .between = "; ",
                 .end = ""},
       .triggers = {"{\"name\": \""},
       .shows_special = true},
      {.name = "json",
       .sign = "",
       .make_parser = make_json_parser,
       .frame = {.begin = "",
                 .before_name = "{\"name\": \"",
                 .after_name = "\", \"arguments\": ",
                 .after_arguments = "}",
                 .between = "\n",
                 .end = ""},
       .triggers = {"{\"name\": \""}},
  };
  return kFormats;
}

const ToolFormat& choose_tool_format(std::string_view template_source) {
  const std::span<const ToolFormat> formats = tool_formats();
  const auto found = std::find_if(formats.begin(), formats.end(), [&](const ToolFormat& format) {
    return template_source.find(format.sign) != std::string_view::npos;
  });
  return found == formats.end() ? formats.back() : *found;
}

const ToolFormat* find_tool_format(std::string_view name) {
  for (const ToolFormat& format : tool_formats()) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string make_call_id(const ToolFormat& format) {
  const std::string id = make_answer_id("call_");
  return format.id_length == 0 ? id : id.substr(id.size() - std::min(id.size(), format.id_length));
}

}  // namespace sixfold::service
