// ollama:MODEL:TAG: models of ollama's registry, or of any that speaks its protocol; what a local ollama has is used in
// place.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/text_file.h"
#include "registry/oci_session.h"
#include "registry/ollama_layers.h"
#include "registry/ollama_store.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kLicenseLineBytesMax = 80;
constexpr std::uint64_t kLicenseBytesMax = 1 << 20;

// Of a licence's text: its first line that says something.
std::string title_of(std::string_view text) {
  const auto is_blank = [](char letter) { return static_cast<unsigned char>(letter) <= ' '; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  text = text.substr(0, std::min(text.find_first_of("\r\n"), kLicenseLineBytesMax));
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  const bool is_plain =
      std::all_of(text.begin(), text.end(), [](char letter) { return letter >= ' ' && letter < 0x7F; });
  return is_plain ? std::string(text) : "";
}

// Where each layer is on this machine; nothing where it is not.
using Places = std::vector<std::optional<std::string>>;

Places find_places(const std::vector<OllamaStore>& stores, const OllamaLayers& content) {
  Places places;
  for (const OllamaLayer& layer : content.layers) {
    places.emplace_back();
    for (const OllamaStore& store : stores) {
      if (!places.back()) places.back() = store.find_blob(layer.sha256, layer.bytes);
    }
  }
  return places;
}

struct Found {
  std::string digest;  // of the manifest
  OllamaLayers content;
  Places places;                        // of content's layers, looked for once: ollama may remove them at any time
  std::shared_ptr<OciSession> session;  // null only when all have a place
};

// What a local ollama knows by this name, if all of it is here.
std::optional<Found> find_local(const OllamaName& name, const std::vector<OllamaStore>& stores,
                                const SourceContext& context) {
  for (const OllamaStore& store : stores) {
    const auto text = store.manifest(name);
    if (!text) continue;
    const std::string where = store.folder() + "/manifests/" + name.manifest_path();
    const auto manifest = parse_json_object(*text, where);
    auto content = manifest.is_ok() ? read_ollama_layers(*manifest, where) : Result<OllamaLayers>(manifest.error());
    if (!content.is_ok()) {
      context.note(content.error().message + "; looking further");
      continue;
    }
    Places places = find_places(stores, *content);
    const bool is_whole =
        std::all_of(places.begin(), places.end(), [](const auto& place) { return place.has_value(); });
    if (is_whole) return Found{sha256_digest(sha256_hex(*text)), std::move(*content), std::move(places), nullptr};
  }
  return std::nullopt;
}

Result<Found> ask_registry(const OllamaName& name, const std::vector<OllamaStore>& stores,
                           const SourceContext& context) {
  const OciReference reference = name.reference();
  const auto session =
      std::make_shared<OciSession>(reference, find_docker_login(context.environment, reference.host), context.http);
  SIXFOLD_TRY(OciManifest manifest, session->manifest());
  SIXFOLD_TRY(OllamaLayers content, read_ollama_layers(manifest.content, reference.text()));
  Places places = find_places(stores, content);
  return Found{std::move(manifest.digest), std::move(content), std::move(places), session};
}

RemoteFile file_of(const Found& found, std::size_t index) {
  const OllamaLayer& layer = found.content.layers[index];
  RemoteFile file{.path = layer.path, .bytes = layer.bytes, .sha256 = layer.sha256};
  if (const auto& place = found.places[index]) {
    file.local_path = *place;
    file.is_linked = true;
  } else {
    file.request = [session = found.session, digest = sha256_digest(layer.sha256)](bool is_renewed) {
      return session->blob_request(digest, is_renewed);
    };
  }
  return file;
}

std::string license_of(const Found& found) {
  for (std::size_t i = 0; i < found.content.layers.size(); ++i) {
    const OllamaLayer& layer = found.content.layers[i];
    if (layer.kind != OllamaLayerKind::kLicense || layer.bytes > kLicenseBytesMax) continue;
    const auto& place = found.places[i];
    const auto text =
        place ? read_text_file(*place, kLicenseBytesMax) : found.session->blob(sha256_digest(layer.sha256));
    if (text.is_ok()) return title_of(*text);
  }
  return {};
}

// What a person should know before wondering about answers.
void say_what_differs(const OllamaLayers& content, const std::string& source, const SourceContext& context) {
  for (const OllamaLayer& layer : content.layers) {
    if (layer.kind == OllamaLayerKind::kAdapter) {
      context.note(fmt::format("{}: its LoRA adapter is kept as {}, and not applied by itself", source, layer.path));
    } else if (layer.kind == OllamaLayerKind::kTemplate) {
      context.note(
          fmt::format("{}: chats use the template of the GGUF file; ollama's own is kept as {}", source, layer.path));
    } else if (layer.kind == OllamaLayerKind::kMessages) {
      context.note(fmt::format("{}: its first messages are kept as {}, and not used", source, layer.path));
    }
  }
  for (const std::string& media_type : content.left_out) {
    context.note(fmt::format("{}: a layer of the kind {} is left out", source, shown_json(json::string(media_type))));
  }
}

}  // namespace

Result<RemoteArtifact> resolve_ollama(const std::string& rest, const SourceContext& context) {
  SIXFOLD_TRY(const OllamaName name, parse_ollama_name(rest));
  const std::vector<OllamaStore> stores = OllamaStore::all(context.environment);
  std::optional<Found> found = find_local(name, stores, context);
  if (!found) {
    if (context.is_offline) {
      return unavailable("ollama:{}: not on this machine, and --offline forbids to ask", name.text());
    }
    SIXFOLD_TRY(found, ask_registry(name, stores, context));
  }
  RemoteArtifact artifact{.source = "ollama:" + name.text(), .revision = found->digest};
  artifact.license = license_of(*found);
  for (std::size_t i = 0; i < found->content.layers.size(); ++i) artifact.files.push_back(file_of(*found, i));
  say_what_differs(found->content, artifact.source, context);
  return artifact;
}

}  // namespace sixfold::registry
