// Reads the few fields that tell where weights are; everything else in the file is MLflow's business.
#include "manifest/mlmodel.h"

#include <yaml-cpp/yaml.h>

#include "core/error.h"
#include "manifest/load_yaml.h"

namespace sixfold::manifest {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;
constexpr std::size_t kListMax = 64;

Result<std::string> read_text(const YAML::Node& map, const char* field, std::string_view file_name) {
  const YAML::Node node = map[field];
  if (!node || node.IsNull()) return std::string();
  if (node.IsScalar()) return node.Scalar();
  return corrupt_data("{}:{}: flavors.transformers.{}: want text", file_name, node.Mark().line + 1, field);
}

Status read_transformers(const YAML::Node& flavor, std::string_view file_name, MlModel& out) {
  if (!flavor.IsMap()) return corrupt_data("{}: flavors.transformers: want a map", file_name);
  SIXFOLD_TRY(out.weights_folder, read_text(flavor, "model_binary", file_name));
  SIXFOLD_TRY(out.hub_name, read_text(flavor, "source_model_name", file_name));
  SIXFOLD_TRY(out.hub_revision, read_text(flavor, "source_model_revision", file_name));
  const YAML::Node components = flavor["components"];
  if (!components || components.IsNull()) return ok();
  if (!components.IsSequence() || components.size() > kListMax) {
    return corrupt_data("{}: flavors.transformers.components: want a list of at most {} names", file_name, kListMax);
  }
  for (const YAML::Node& component : components) {
    if (!component.IsScalar()) return corrupt_data("{}: flavors.transformers.components: want names", file_name);
    out.components.push_back(component.Scalar());
  }
  return ok();
}

Result<MlModel> read_root(const YAML::Node& root, std::string_view file_name) {
  const YAML::Node flavors = root.IsMap() ? root["flavors"] : YAML::Node();
  if (!flavors.IsMap() || flavors.size() > kListMax) {
    return corrupt_data("{}: flavors: want a map of at most {}", file_name, kListMax);
  }
  MlModel model;
  for (const auto& entry : flavors) {
    model.flavors.push_back(entry.first.as<std::string>(""));
    if (model.flavors.back() == "transformers") {
      SIXFOLD_TRY_STATUS(read_transformers(entry.second, file_name, model));
    }
  }
  return model;
}

}  // namespace

Result<MlModel> parse_mlmodel(std::string_view text, std::string_view file_name) {
  if (text.size() > kFileBytesMax) {
    return corrupt_data("{}: want at most {} bytes, got {}", file_name, kFileBytesMax, text.size());
  }
  SIXFOLD_TRY(const YAML::Node root, load_yaml(text, file_name));
  try {
    return read_root(root, file_name);
  } catch (const YAML::Exception& exception) {
    return corrupt_data("{}:{}: {}", file_name, exception.mark.line + 1, exception.msg);
  }
}

}  // namespace sixfold::manifest
