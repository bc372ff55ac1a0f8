// Every file is one layer, not packed and not compressed, so that a reader needs no room for both forms.
#include "registry/push/oci_model.h"

#include <boost/json/serialize.hpp>

#include "core/digest.h"
#include "core/json.h"

namespace sixfold::registry {
namespace {

void set_unless_empty(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object[json::string_view(name.data(), name.size())] = value;
}

std::string_view layer_type(std::string_view path) {
  const bool is_weights = path.ends_with(".gguf") || path.ends_with(".safetensors");
  return is_weights ? "application/vnd.cncf.model.weight.v1.raw" : "application/vnd.cncf.model.weight.config.v1.raw";
}

json::object descriptor(std::string_view media_type, const std::string& sha256, std::uint64_t bytes) {
  return {{"mediaType", json::string_view(media_type.data(), media_type.size())},
          {"digest", sha256_digest(sha256)},
          {"size", bytes}};
}

}  // namespace

std::string oci_model_config(const ModelToPush& model) {
  json::object about, kind;
  set_unless_empty(about, "name", model.name);
  if (!model.license.empty()) about["licenses"] = json::array{json::string(model.license)};
  set_unless_empty(kind, "architecture", model.architecture);
  set_unless_empty(kind, "format", model.format);
  set_unless_empty(kind, "paramSize", model.parameters);
  json::array digests;
  for (const PushFile& file : model.files) digests.emplace_back(sha256_digest(file.about.sha256));
  return json::serialize(json::object{{"descriptor", std::move(about)},
                                      {"config", std::move(kind)},
                                      {"modelfs", {{"type", "layers"}, {"diffIds", std::move(digests)}}}});
}

std::string oci_model_manifest(const ModelToPush& model, const std::string& config) {
  json::array layers;
  for (const PushFile& file : model.files) {
    json::object layer = descriptor(layer_type(file.about.path), file.about.sha256, file.about.bytes);
    layer["annotations"] =
        json::object{{"org.cncf.model.filepath", file.about.path}, {"org.opencontainers.image.title", file.about.path}};
    layers.push_back(std::move(layer));
  }
  return json::serialize(json::object{
      {"schemaVersion", 2},
      {"mediaType", json::string_view(kOciManifestType.data(), kOciManifestType.size())},
      {"artifactType", "application/vnd.cncf.model.manifest.v1+json"},
      {"config", descriptor("application/vnd.cncf.model.config.v1+json", sha256_hex(config), config.size())},
      {"layers", std::move(layers)}});
}

}  // namespace sixfold::registry
