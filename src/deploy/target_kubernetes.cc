// Plain YAML, one object a file, with a kustomization that lists them; applied by kubectl.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "core/text_file.h"
#include "deploy/kubernetes/objects.h"
#include "deploy/kubernetes/read_settings.h"
#include "deploy/process.h"
#include "deploy/state.h"
#include "deploy/target_list.h"
#include "manifest/yaml_text.h"

namespace sixfold::deploy {
namespace {

using kubernetes::Object;

constexpr std::string_view kListFile = "kustomization.yaml";

// What tells an object from others.
struct Identity {
  std::string kind, space, name;
  bool operator==(const Identity&) const = default;
};

Result<Identity> identity_of(const RenderedFile& file) {
  SIXFOLD_TRY(const json::value document, manifest::yaml_value(file.text, file.path));
  const json::object* object = document.if_object();
  const json::object* meta = object == nullptr ? nullptr : object_at(*object, "metadata");
  if (meta == nullptr) return corrupt_data("{}: want an object with metadata", file.path);
  return Identity{text_at(*object, "kind"), text_at(*meta, "namespace"), text_at(*meta, "name")};
}

Result<Identity> find_deployment(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    if (file.path == "deployment.yaml") return identity_of(file);
  }
  return corrupt_data("deployment.yaml: want it among the files, got none");
}

std::vector<std::string> kubectl(const Identity& of, std::vector<std::string> arguments) {
  std::vector<std::string> all = {"kubectl"};
  if (!of.space.empty()) all.insert(all.end(), {"--namespace", of.space});
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return all;
}

Status run(const std::vector<std::string>& argv, StepContext& context) {
  SIXFOLD_TRY_STATUS(run_tool(argv, context.say, context.is_cancelled));
  return ok();
}

// Objects that the revision before had and this one has not.
Status remove_left(const std::vector<RenderedFile>& files, StepContext& context) {
  if (context.before.empty()) return ok();
  std::vector<Identity> kept;
  for (const RenderedFile& file : files) {
    if (file.path == kListFile) continue;
    SIXFOLD_TRY(Identity identity, identity_of(file));
    kept.push_back(std::move(identity));
  }
  SIXFOLD_TRY(const std::string list, read_text_file(context.before + "/" + std::string(kListFile), kRenderedBytesMax));
  SIXFOLD_TRY(const json::value document, manifest::yaml_value(list, kListFile));
  const json::array* resources = document.is_object() ? array_at(document.get_object(), "resources") : nullptr;
  if (resources == nullptr) return ok();
  for (const json::value& resource : *resources) {
    if (!resource.is_string()) continue;
    const std::string name(resource.get_string());
    SIXFOLD_TRY(std::string text, read_text_file(context.before + "/" + name, kRenderedBytesMax));
    SIXFOLD_TRY(const Identity old, identity_of({name, std::move(text)}));
    if (std::find(kept.begin(), kept.end(), old) != kept.end()) continue;
    SIXFOLD_TRY_STATUS(run({"kubectl", "delete", "--ignore-not-found", "-f", context.before + "/" + name}, context));
  }
  return ok();
}

}  // namespace

Result<std::vector<RenderedFile>> render_kubernetes(const RenderInput& input) {
  SIXFOLD_TRY(const kubernetes::Settings settings, kubernetes::read_settings(input));
  kubernetes::OwnValues values(settings.name);
  std::vector<RenderedFile> files;
  json::array resources;
  for (const Object& object : kubernetes::objects_of(settings, values)) {
    resources.push_back(json::value(object.file));
    files.push_back({object.file, manifest::yaml_of(object.document)});
  }
  const json::object list = {{"apiVersion", "kustomize.config.k8s.io/v1beta1"},
                             {"kind", "Kustomization"},
                             {"resources", std::move(resources)}};
  files.push_back({std::string(kListFile), manifest::yaml_of(list)});
  return files;
}

Result<std::vector<Step>> kubernetes_steps(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Identity deployment, find_deployment(files));
  std::vector<Step> steps;
  steps.push_back(
      {"apply", fmt::format("kubectl applies {} objects", files.size() - 1),
       [files](StepContext& context) -> Status {
         SIXFOLD_TRY_STATUS(
             run({"kubectl", "apply", "--server-side", "--field-manager=sixfold", "-k", context.folder}, context));
         return remove_left(files, context);
       },
       [](StepContext& context) {
         return run({"kubectl", "delete", "--ignore-not-found", "-k", context.folder}, context);
       }});
  steps.push_back({"rollout", "waits until the new pods answer",
                   [deployment](StepContext& context) {
                     return run(
                         kubectl(deployment, {"rollout", "status", "deployment/" + deployment.name, "--timeout=35m"}),
                         context);
                   },
                   [](StepContext&) { return ok(); }});
  return steps;
}

Result<std::string> look_at_kubernetes(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Identity deployment, find_deployment(files));
  return run_tool(
      kubectl(deployment, {"get", "deployment,pods", "-l", "app.kubernetes.io/instance=" + deployment.name}));
}

}  // namespace sixfold::deploy
