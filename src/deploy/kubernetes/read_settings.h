// The section "targets.kubernetes" (or "targets.helm") of a manifest, checked.
#pragma once
#include "deploy/kubernetes/settings.h"
#include "deploy/target.h"

namespace sixfold::deploy::kubernetes {

// Errors: corrupt_data "FILE:LINE: ..." with what was wanted, for keys, values and combinations of them.
Result<Settings> read_settings(const RenderInput& input);

}  // namespace sixfold::deploy::kubernetes
