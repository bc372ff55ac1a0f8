// oci:HOST/NAME:TAG: models in container registries, as CNCF ModelPack or Docker Model Runner package them.
#include <memory>
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "registry/oci_session.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

struct LayerKind {
  std::string_view media_type;
  std::string_view name;  // of the file when no annotation names it; "" = the annotation must
};

// Sources: modelpack/model-spec; docker/model-distribution.  Layers of other kinds (documents, datasets) are left out.
constexpr LayerKind kKinds[] = {
    {"application/vnd.cncf.model.weight.v1.raw", ""},
    {"application/vnd.cncf.model.weight.config.v1.raw", ""},
    {"application/vnd.cncf.model.weight.v1.gguf", "model.gguf"},
    {"application/vnd.cncf.model.weight.v1.safetensors", "model.safetensors"},
    {"application/vnd.docker.ai.gguf.v3", "model.gguf"},
    {"application/vnd.docker.ai.safetensors", "model.safetensors"},
    {"application/vnd.docker.ai.chat.template.jinja", "chat_template.jinja"},
    {"application/vnd.docker.ai.model.file", ""},
};

const LayerKind* find_kind(std::string_view media_type) {
  for (const LayerKind& kind : kKinds) {
    if (kind.media_type == media_type) return &kind;
  }
  return nullptr;
}

std::string annotated_path(const json::object& layer) {
  const json::object* annotations = object_at(layer, "annotations");
  if (annotations == nullptr) return {};
  std::string path = text_at(*annotations, "org.cncf.model.filepath");
  if (path.empty()) path = text_at(*annotations, "org.opencontainers.image.title");
  return path;
}

Result<std::optional<RemoteFile>> file_of(const json::object& layer, const std::shared_ptr<OciSession>& session) {
  const std::string where = session->reference().text();
  const std::string media_type = text_at(layer, "mediaType");
  const LayerKind* kind = find_kind(media_type);
  if (kind == nullptr) {
    const bool is_packed = media_type.starts_with("application/vnd.cncf.model.weight") ||
                           media_type.starts_with("application/vnd.kitops.modelkit.model");
    if (!is_packed) return std::optional<RemoteFile>();
    return invalid_argument("{}: layer {}: want weights as plain files (raw)", where, media_type);
  }
  RemoteFile file{.path = annotated_path(layer), .bytes = count_at(layer, "size")};
  if (file.path.empty()) file.path = kind->name;
  const std::string digest = text_at(layer, "digest");
  if (!digest.starts_with(kSha256Prefix) || !file.bytes) {
    return corrupt_data("{}: layer: want a digest and a size", where);
  }
  file.sha256 = digest.substr(kSha256Prefix.size());
  file.request = [session, digest](bool is_renewed) { return session->blob_request(digest, is_renewed); };
  return std::optional<RemoteFile>(std::move(file));
}

// The licences of a ModelPack; others do not say.
std::string license_of(OciSession& session, const json::object& manifest) {
  const json::object* config = object_at(manifest, "config");
  if (config == nullptr || text_at(*config, "mediaType") != "application/vnd.cncf.model.config.v1+json") return {};
  const auto text = session.blob(text_at(*config, "digest"));
  if (!text.is_ok()) return {};
  const auto content = parse_json_object(*text, "config");
  const json::object* descriptor = content.is_ok() ? object_at(*content, "descriptor") : nullptr;
  const json::array* licenses = descriptor == nullptr ? nullptr : array_at(*descriptor, "licenses");
  std::string out;
  if (licenses == nullptr) return out;
  for (const json::value& license : *licenses) {
    if (const json::string* name = license.if_string()) out += (out.empty() ? "" : ", ") + std::string(name->c_str());
  }
  return out;
}

}  // namespace

Result<RemoteArtifact> resolve_oci(const std::string& rest, const SourceContext& context) {
  SIXFOLD_TRY(const OciReference reference, parse_oci_reference(rest));
  if (context.is_offline) return unavailable("oci:{}: not on this machine, and --offline forbids to ask", rest);
  const auto session =
      std::make_shared<OciSession>(reference, find_docker_login(context.environment, reference.host), context.http);
  SIXFOLD_TRY(const OciManifest manifest, session->manifest());
  RemoteArtifact artifact{.source = "oci:" + reference.text(),
                          .revision = manifest.digest,
                          .license = license_of(*session, manifest.content)};
  const json::array* layers = array_at(manifest.content, "layers");
  if (layers == nullptr) return corrupt_data("{}: layers: want a list; is it a model?", artifact.source);
  for (const json::value& item : *layers) {
    const json::object* layer = item.if_object();
    if (layer == nullptr) return corrupt_data("{}: layers: want objects", artifact.source);
    SIXFOLD_TRY(std::optional<RemoteFile> file, file_of(*layer, session));
    if (file) artifact.files.push_back(*std::move(file));
  }
  return artifact;
}

}  // namespace sixfold::registry
