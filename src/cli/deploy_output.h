// Plans and revisions as people and programs read them.
#pragma once
#include <string>
#include <string_view>

#include "core/json.h"
#include "deploy/deployment.h"

namespace sixfold::cli {

// "kubernetes: 9 files, 1 new, 1 changed", a line for each file that changes, a line for each step.
std::string plan_text(std::string_view target, const deploy::Plan& plan);
json::object plan_json(std::string_view target, const deploy::Plan& plan);

// "kubernetes: revision 3, complete, 2026-11-28 16:40:02 UTC", and the earlier ones.
std::string state_text(std::string_view target, const deploy::DeployState& state);
json::object state_json(std::string_view target, const deploy::DeployState& state);

}  // namespace sixfold::cli
