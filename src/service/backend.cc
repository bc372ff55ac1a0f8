// Which names reach a model.
#include "service/backend.h"

#include <algorithm>

#include "core/error.h"

namespace sixfold::service {

bool names_model(const BackendDescription& description, std::string_view name) {
  return name.empty() || name == description.model || name == "default" ||
         std::find(description.aliases.begin(), description.aliases.end(), name) != description.aliases.end();
}

Error model_not_found(const BackendDescription& description, std::string_view name) {
  return not_found("the model \"{}\" does not exist; this server has \"{}\"", name, description.model);
}

Error lacks_ability(const BackendDescription& description, Ability ability) {
  const auto says = [&](std::string_view what, std::string_view instead) {
    return invalid_argument("the model \"{}\" {}{}", description.model, what, instead);
  };
  const std::string_view does = description.generates         ? "; it generates text"
                                : description.classes.empty() ? "; it makes embeddings"
                                                              : "; it scores texts";
  switch (ability) {
    case Ability::kGenerate:
      return says("does not generate text", does);
    case Ability::kEmbed:
      return says("makes no embeddings", does);
    case Ability::kScore:
      return says("has no scores", does);
  }
  return internal_error("unknown ability");
}

}  // namespace sixfold::service
