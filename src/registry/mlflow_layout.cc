// Folds the folders of a transformers model into one.
#include "registry/mlflow_layout.h"

#include <fmt/ranges.h>

#include <map>

#include "core/error.h"
#include "registry/file_choice.h"

namespace sixfold::registry {
namespace {

// Name in the checkpoint's folder -> path in the artifact.  The weights' own files win over a component's.
std::map<std::string, std::string> transformers_files(std::span<const std::string> paths,
                                                      const manifest::MlModel& mlmodel) {
  std::vector<std::string> folders = {mlmodel.weights_folder + "/"};
  for (const std::string& component : mlmodel.components) folders.push_back("components/" + component + "/");
  std::map<std::string, std::string> files;
  for (const std::string& folder : folders) {
    for (const std::string& path : paths) {
      if (path.starts_with(folder)) files.emplace(path.substr(folder.size()), path);
    }
  }
  return files;
}

Error explain(const Error& error, const manifest::MlModel& mlmodel, std::string_view source) {
  if (!mlmodel.hub_name.empty() && mlmodel.weights_folder.empty()) {
    return not_found("{}: its weights were not stored with it, they are hf:{}{}{}", source, mlmodel.hub_name,
                     mlmodel.hub_revision.empty() ? "" : "@", mlmodel.hub_revision);
  }
  return {error.code, fmt::format("{}; its flavors are {}", error.message, fmt::join(mlmodel.flavors, ", "))};
}

}  // namespace

Result<std::vector<PlacedFile>> place_mlflow_files(std::span<const std::string> paths,
                                                   const std::optional<manifest::MlModel>& mlmodel,
                                                   std::string_view source) {
  std::map<std::string, std::string> files;
  if (mlmodel && !mlmodel->weights_folder.empty()) files = transformers_files(paths, *mlmodel);
  if (files.empty()) {
    for (const std::string& path : paths) files.emplace(path, path);
  }
  std::vector<std::string> names;
  for (const auto& [name, path] : files) names.push_back(name);
  const auto chosen = choose_files(names, {}, source);
  if (!chosen.is_ok()) return mlmodel ? explain(chosen.error(), *mlmodel, source) : chosen.error();
  std::vector<PlacedFile> placed;
  for (const std::string& name : *chosen) placed.push_back({files.at(name), name});
  return placed;
}

}  // namespace sixfold::registry
