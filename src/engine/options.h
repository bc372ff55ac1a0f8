// Engine options with their defaults filled in and their ranges checked.
#pragma once
#include "core/result.h"
#include "engine/engine.h"
#include "model/model.h"

namespace sixfold::engine {

// Errors: invalid_argument naming the field, the limit and the value.
Result<EngineOptions> resolve(EngineOptions options, const model::Model& model);

}  // namespace sixfold::engine
