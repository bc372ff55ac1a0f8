// A model as a CNCF ModelPack: its config and its manifest.
#pragma once
#include <string>
#include <string_view>

#include "registry/push/push.h"

namespace sixfold::registry {

inline constexpr std::string_view kOciManifestType = "application/vnd.oci.image.manifest.v1+json";

// Both depend on nothing but the model's content and description: the same model has the same digest everywhere.
// Source: modelpack/model-spec, "Model Artifact Configuration" and "Model Format Specification".
std::string oci_model_config(const ModelToPush& model);
std::string oci_model_manifest(const ModelToPush& model, const std::string& config);

}  // namespace sixfold::registry
