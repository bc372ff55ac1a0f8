// A chart, installed by helm.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "deploy/kubernetes/chart.h"
#include "deploy/kubernetes/read_settings.h"
#include "deploy/process.h"
#include "deploy/target_list.h"

namespace sixfold::deploy {
namespace {

// Of the chart: the folder that all its files are in.
Result<std::string> chart_name(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    const std::size_t slash = file.path.find('/');
    if (slash != std::string::npos && file.path.substr(slash) == "/Chart.yaml") return file.path.substr(0, slash);
  }
  return corrupt_data("Chart.yaml: want it among the files, got none");
}

}  // namespace

Result<std::vector<RenderedFile>> render_helm(const RenderInput& input) {
  SIXFOLD_TRY(const kubernetes::Settings settings, kubernetes::read_settings(input));
  return kubernetes::chart_of(settings);
}

Result<std::vector<Step>> helm_steps(const std::vector<RenderedFile>& files) {
  SIXFOLD_TRY(const std::string name, chart_name(files));
  std::vector<Step> steps;
  steps.push_back({"install", fmt::format("helm installs or upgrades the release {}, and waits for its pods", name),
                   [name](StepContext& context) -> Status {
                     SIXFOLD_TRY_STATUS(run_tool({"helm", "upgrade", "--install", name, context.folder + "/" + name,
                                                  "--wait", "--timeout", "35m"},
                                                 context.say, context.is_cancelled));
                     return ok();
                   },
                   [name](StepContext& context) -> Status {
                     SIXFOLD_TRY_STATUS(run_tool({"helm", "uninstall", name, "--ignore-not-found", "--wait"},
                                                 context.say, context.is_cancelled));
                     return ok();
                   }});
  return steps;
}

Result<std::string> look_at_helm(const std::vector<RenderedFile>& files) {
  SIXFOLD_TRY(const std::string name, chart_name(files));
  return run_tool({"helm", "status", name});
}

}  // namespace sixfold::deploy
