// Templates of models that think by choice call the switch "enable_thinking" (Qwen3, DeepSeek-R1's distilled models,
// SmolLM3, GLM) or "thinking" (Granite, DeepSeek-V3.1); a variable that a template does not know does nothing.
#include "service/reasoning_switch.h"

#include <string>

#include "core/error.h"
#include "service/tools.h"

namespace sixfold::service {

std::optional<Refusal> switch_reasoning(const BackendDescription& description, bool thinks, std::string_view field,
                                        GenerateRequest& request) {
  if (description.reasoning_format.empty()) {
    if (!thinks) return std::nullopt;
    return Refusal{
        invalid_argument("\"{}\": the model \"{}\" does not think before it answers", field, description.model),
        std::string(field), "unsupported_parameter"};
  }
  for (const std::string_view name : {"enable_thinking", "thinking"}) {
    if (request.template_arguments.find("\"" + std::string(name) + "\"") != std::string::npos) continue;
    set_template_argument(request, name, json::value(thinks));
  }
  return std::nullopt;
}

}  // namespace sixfold::service
