// A chart, installed by helm.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "deploy/kubernetes/chart.h"
#include "deploy/kubernetes/read_settings.h"
#include "deploy/process.h"
#include "deploy/target_list.h"
#include "manifest/yaml_text.h"

namespace sixfold::deploy {
namespace {

struct Chart {
  std::string name;   // also the folder that all its files are in
  std::string space;  // empty: whichever namespace helm uses
};

Result<Chart> chart_of_files(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    const std::size_t slash = file.path.find('/');
    if (slash == std::string::npos || file.path.substr(slash) != "/Chart.yaml") continue;
    SIXFOLD_TRY(const json::value about, manifest::yaml_value(file.text, file.path));
    Chart chart{file.path.substr(0, slash), {}};
    const json::object* object = about.if_object();
    const json::object* notes = object == nullptr ? nullptr : object_at(*object, "annotations");
    if (notes != nullptr) chart.space = text_at(*notes, kubernetes::kNamespaceAnnotation);
    return chart;
  }
  return corrupt_data("Chart.yaml: want it among the files, got none");
}

std::vector<std::string> helm(const Chart& chart, std::vector<std::string> arguments) {
  std::vector<std::string> all = {"helm"};
  if (!chart.space.empty()) all.insert(all.end(), {"--namespace", chart.space});
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return all;
}

}  // namespace

Result<std::vector<RenderedFile>> render_helm(const RenderInput& input) {
  SIXFOLD_TRY(const kubernetes::Settings settings, kubernetes::read_settings(input));
  return kubernetes::chart_of(settings);
}

Result<std::vector<Step>> helm_steps(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Chart chart, chart_of_files(files));
  std::vector<Step> steps;
  steps.push_back(
      {"install", fmt::format("helm installs or upgrades the release {}, and waits for its pods", chart.name),
       [chart](StepContext& context) -> Status {
         SIXFOLD_TRY_STATUS(run_tool(helm(chart, {"upgrade", "--install", chart.name, context.folder + "/" + chart.name,
                                                  "--wait", "--timeout", "35m"}),
                                     context.say, context.is_cancelled));
         return ok();
       },
       [chart](StepContext& context) -> Status {
         SIXFOLD_TRY_STATUS(run_tool(helm(chart, {"uninstall", chart.name, "--ignore-not-found", "--wait"}),
                                     context.say, context.is_cancelled));
         return ok();
       }});
  return steps;
}

Result<std::string> look_at_helm(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Chart chart, chart_of_files(files));
  return run_tool(helm(chart, {"status", chart.name}));
}

}  // namespace sixfold::deploy
