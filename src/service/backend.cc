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

}  // namespace sixfold::service
