// Which names reach a model, and which functions a model may call.
#include "service/backend.h"

#include <algorithm>

#include "core/error.h"

namespace sixfold::service {

bool names_model(const BackendDescription& description, std::string_view name) {
  return name.empty() || name == description.model || name == "default" ||
         std::find(description.aliases.begin(), description.aliases.end(), name) != description.aliases.end();
}

const AdapterDescription* find_adapter(const BackendDescription& description, std::string_view name) {
  const auto found = std::find_if(description.adapters.begin(), description.adapters.end(),
                                  [&](const AdapterDescription& adapter) { return adapter.name == name; });
  return found == description.adapters.end() ? nullptr : &*found;
}

std::string answering_model(const BackendDescription& description, std::string_view name) {
  const bool is_adapter = !names_model(description, name) && find_adapter(description, name) != nullptr;
  return is_adapter ? std::string(name) : description.model;
}

Error model_not_found(const BackendDescription& description, std::string_view name) {
  std::string adapters;
  for (const AdapterDescription& adapter : description.adapters) adapters += ", \"" + adapter.name + "\"";
  return not_found("the model \"{}\" does not exist; this server has \"{}\"{}", name, description.model, adapters);
}

Status Backend::predict(TensorRequest request, Done<TensorAnswer>) {
  const BackendDescription description = describe();
  if (!names_model(description, request.model)) return model_not_found(description, request.model);
  return lacks_ability(description, Ability::kPredict);
}

bool may_call(const GenerateRequest& request) {
  return !request.tools.empty() && request.tool_choice.mode != ToolChoice::Mode::kNone;
}

std::vector<std::string> callable_names(const GenerateRequest& request) {
  if (!may_call(request)) return {};
  if (!request.tool_choice.names.empty()) return request.tool_choice.names;
  std::vector<std::string> names;
  for (const tokenizer::ChatTool& tool : request.tools) names.push_back(tool.name);
  return names;
}

Result<std::string> Backend::prompt_text(const GenerateRequest&) const {
  return lacks_ability(describe(), Ability::kGenerate);
}

Result<std::vector<TokenId>> Backend::prompt_tokens(const GenerateRequest&) const {
  return lacks_ability(describe(), Ability::kGenerate);
}

Status Backend::load_adapter(AdapterSource, Done<Unit>) {
  return invalid_argument("the model \"{}\" takes no adapters", describe().model);
}

Status Backend::unload_adapter(const std::string& name) {
  return not_found("adapter \"{}\": not loaded", name);
}

Result<std::vector<TokenId>> Backend::infill_prompt(const tokenizer::InfillInput&) const {
  return lacks_ability(describe(), Ability::kGenerate);
}

Error lacks_ability(const BackendDescription& description, Ability ability) {
  const auto says = [&](std::string_view what, std::string_view instead) {
    return invalid_argument("the model \"{}\" {}{}", description.model, what, instead);
  };
  const std::string_view does = description.tensors           ? "; it takes tensors: POST /predict"
                                : description.generates       ? "; it generates text"
                                : description.classes.empty() ? "; it makes embeddings"
                                                              : "; it scores texts";
  switch (ability) {
    case Ability::kGenerate:
      return says("does not generate text", does);
    case Ability::kEmbed:
      return says("makes no embeddings", does);
    case Ability::kScore:
      return says("has no scores", does);
    case Ability::kPredict:
      return says("takes no tensors", does);
  }
  return internal_error("unknown ability");
}

}  // namespace sixfold::service
