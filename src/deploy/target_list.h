// All targets.  Adding one is a file and a row.
#pragma once
#include <span>

#include "deploy/target.h"

namespace sixfold::deploy {

std::span<const TargetRow> target_rows();

// Errors: not_found, with the nearest known name.
Result<const TargetRow*> find_target(std::string_view name);

// One per file target_*.cc.
Result<std::vector<RenderedFile>> render_container(const RenderInput& input);
Result<std::vector<Step>> container_steps(const std::vector<RenderedFile>& files, const std::string& work);
Result<std::string> look_at_container(const std::vector<RenderedFile>& files, const std::string& work);

Result<std::vector<RenderedFile>> render_kubernetes(const RenderInput& input);
Result<std::vector<Step>> kubernetes_steps(const std::vector<RenderedFile>& files, const std::string& work);
Result<std::string> look_at_kubernetes(const std::vector<RenderedFile>& files, const std::string& work);

Result<std::vector<RenderedFile>> render_helm(const RenderInput& input);
Result<std::vector<Step>> helm_steps(const std::vector<RenderedFile>& files, const std::string& work);
Result<std::string> look_at_helm(const std::vector<RenderedFile>& files, const std::string& work);

Result<std::vector<RenderedFile>> render_compose(const RenderInput& input);
Result<std::vector<Step>> compose_steps(const std::vector<RenderedFile>& files, const std::string& work);
Result<std::string> look_at_compose(const std::vector<RenderedFile>& files, const std::string& work);

}  // namespace sixfold::deploy
