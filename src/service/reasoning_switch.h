// Asks a model to think or not, as far as its chat template lets one.
#pragma once
#include <optional>
#include <string_view>

#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

// Sets the template's variable for it, unless the request sets it itself.  field: that asks, for the refusal when a
// model is to think and cannot.  A model that always thinks goes on doing so.
std::optional<Refusal> switch_reasoning(const BackendDescription& description, bool thinks, std::string_view field,
                                        GenerateRequest& request);

}  // namespace sixfold::service
