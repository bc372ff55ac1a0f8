// Two layers: the program with all that it needs, and the model, which all platforms share.
#include "deploy/oci/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "core/error.h"
#include "deploy/oci/attestation.h"
#include "deploy/oci/layer_notes.h"
#include "deploy/progress_lines.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::string_view kProgramPath = "usr/bin/sixfold";
constexpr std::string_view kModelsFolder = "models";

LayerEntry text_file(std::string path, std::string content) {
  return {.path = std::move(path), .text = std::move(content)};
}

// For connections to registries and buckets.
Result<LayerEntry> certificates() {
  static constexpr std::array<const char*, 3> kPlaces = {"/etc/ssl/certs/ca-certificates.crt",
                                                         "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};
  for (const char* place : kPlaces) {
    if (registry::is_file(place)) return LayerEntry{.path = "etc/ssl/certs/ca-certificates.crt", .from = place};
  }
  return not_found("{}: an image needs the certificates of authorities; on Debian: apt-get install ca-certificates",
                   kPlaces.front());
}

LayerEntry models_folder() {
  return {.path = std::string(kModelsFolder), .kind = LayerEntry::Kind::kFolder, .mode = 0755, .owner = kUser};
}

Result<std::vector<LayerEntry>> program_entries(const ProgramFiles& files, bool with_builtin_model) {
  std::vector<LayerEntry> entries;
  // Without what only debuggers read, which is most of a program that was built for development.
  entries.push_back({.path = std::string(kProgramPath),
                     .mode = 0755,
                     .text = files.program.header,
                     .from = files.from,
                     .bytes_of_file = files.program.loaded_bytes,
                     .blank = with_builtin_model ? FileRange{} : files.program.model});
  for (const ProgramFile& library : files.libraries) {
    entries.push_back({.path = library.path, .mode = 0755, .from = library.from});
  }
  SIXFOLD_TRY(LayerEntry authorities, certificates());
  entries.push_back(std::move(authorities));
  entries.push_back(text_file("etc/passwd", fmt::format("root:x:0:0:root:/:/nologin\nsixfold:x:{0}:{0}:sixfold:/tmp:"
                                                        "/nologin\n",
                                                        kUser)));
  entries.push_back(text_file("etc/group", fmt::format("root:x:0:\nsixfold:x:{}:\n", kUser)));
  entries.push_back(text_file("etc/nsswitch.conf", "hosts: files dns\n"));
  entries.push_back({.path = "tmp", .kind = LayerEntry::Kind::kFolder, .mode = 01777});
  entries.push_back(models_folder());
  return entries;
}

// Where a file of the model is in the image.  One that is mounted has it at the root, for the mount is the folder.
std::string model_path(const ImageParts& parts, const ModelFile& file) {
  return parts.has_program ? fmt::format("{}/{}", kModelsFolder, file.path) : file.path;
}

std::vector<LayerEntry> model_entries(const ImageParts& parts) {
  std::vector<LayerEntry> entries;
  if (parts.has_program) entries.push_back(models_folder());
  for (const ModelFile& file : parts.model) entries.push_back({.path = model_path(parts, file), .from = file.from});
  return entries;
}

// "1.0" of "registry.example/bot:1.0".
std::string tag_of(const std::string& image) {
  const std::size_t colon = image.rfind(':');
  return colon == std::string::npos || image.find('/', colon) != std::string::npos ? std::string()
                                                                                   : image.substr(colon + 1);
}

class Builder {
 public:
  Builder(const BlobStore& store, const ImageParts& parts, ContentHashes& hashes, const BuildOptions& options)
      : store_(store), parts_(parts), hashes_(hashes), options_(options), notes_(store) {}

  Result<Image> build() {
    std::vector<Layer> shared;
    if (!parts_.model.empty()) {
      SIXFOLD_TRY(Layer model, layer("the model", model_entries(parts_), Compression::kNone));
      shared.push_back(std::move(model));
    }
    json::array manifests;
    for (const ImagePlatform& platform : parts_.platforms) {
      SIXFOLD_TRY(const Descriptor manifest, add_platform(platform, shared));
      json::object row = manifest.value();
      row["platform"] = json::object{{"os", "linux"}, {"architecture", architecture_of(platform.platform)}};
      manifests.push_back(std::move(row));
    }
    const json::object index = {
        {"schemaVersion", 2}, {"mediaType", json_text(kIndexType)}, {"manifests", std::move(manifests)}};
    SIXFOLD_TRY(image_.index, store_.add(json::serialize(index), kIndexType));
    SIXFOLD_TRY(image_.blobs, blobs_of(store_, image_.index));
    for (const Descriptor& referrer : image_.referrers) {
      SIXFOLD_TRY(const std::vector<Descriptor> more, blobs_of(store_, referrer));
      image_.blobs.insert(image_.blobs.end(), more.begin(), more.end());
    }
    return std::move(image_);
  }

 private:
  static std::string architecture_of(const std::string& platform) { return platform.substr(platform.find('/') + 1); }

  Result<Layer> layer(std::string_view what, std::vector<LayerEntry> entries, Compression compression) {
    bool made = false;
    ProgressLines lines(options_.say);
    const LayerWatch watch{[&](std::uint64_t done, std::uint64_t total) { lines.update(what, done, total); },
                           options_.is_cancelled};
    SIXFOLD_TRY(Layer layer, notes_.layer_of(std::move(entries), compression, hashes_, watch, made));
    options_.say(
        fmt::format("{}: {} bytes, {}{}", what, layer.blob.bytes, layer.blob.digest, made ? "" : " (was there)"));
    return layer;
  }

  // Its config, its manifest and what is attached to that.
  Result<Descriptor> add_platform(const ImagePlatform& platform, const std::vector<Layer>& shared) {
    ProgramFiles files;
    std::vector<Layer> layers;
    if (parts_.has_program) {
      SIXFOLD_TRY(files, collect_program(platform.place, architecture_of(platform.platform)));
      SIXFOLD_TRY(std::vector<LayerEntry> entries, program_entries(files, parts_.needs_builtin_model));
      SIXFOLD_TRY(Layer program,
                  layer(fmt::format("the program for {}", platform.platform), std::move(entries), Compression::kGzip));
      layers.push_back(std::move(program));
    }
    layers.insert(layers.end(), shared.begin(), shared.end());
    SIXFOLD_TRY(const Descriptor config,
                store_.add(json::serialize(config_of(platform.platform, layers)), kConfigType));
    json::array rows;
    for (const Layer& each : layers) rows.push_back(each.blob.value());
    const json::object manifest = {
        {"schemaVersion", 2},
        {"mediaType", json_text(kManifestType)},
        {"config", config.value()},
        {"layers", std::move(rows)},
        {"annotations", json::object{{"org.opencontainers.image.created", json_text(kCreated)},
                                     {"org.opencontainers.image.version", tag_of(parts_.image)}}}};
    SIXFOLD_TRY(Descriptor added, store_.add(json::serialize(manifest), kManifestType));
    SIXFOLD_TRY(const ImageContent content, content_of(platform, files));
    const std::string spdx = spdx_document(content, added);
    SIXFOLD_TRY_STATUS(registry::write_text_file(
        fmt::format("{}/sbom-linux-{}.spdx.json", store_.folder(), architecture_of(platform.platform)), spdx + "\n"));
    SIXFOLD_TRY_STATUS(attach(spdx, kSpdxType, added));
    SIXFOLD_TRY_STATUS(attach(provenance_statement(content, added), kInTotoType, added));
    return added;
  }

  json::object config_of(const std::string& platform, const std::vector<Layer>& layers) const {
    json::array diff_ids, history;
    for (const Layer& layer : layers) {
      diff_ids.emplace_back(layer.diff_id);
      const bool is_model = !parts_.has_program || &layer != &layers.front();
      history.push_back(json::object{{"created", json_text(kCreated)},
                                     {"created_by", is_model ? "sixfold deploy: model" : "sixfold deploy: program"}});
    }
    json::object labels;
    for (const auto& [name, value] : labels_of()) labels[name] = value;
    json::object config = {{"Labels", std::move(labels)}};
    if (parts_.has_program) add_program(config);
    return {{"created", json_text(kCreated)},
            {"architecture", architecture_of(platform)},
            {"os", "linux"},
            {"config", std::move(config)},
            {"rootfs", json::object{{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}},
            {"history", std::move(history)}};
  }

  // How it is run.
  void add_program(json::object& config) const {
    json::array environment;
    for (const auto& [name, value] : environment_of()) environment.emplace_back(name + "=" + value);
    config["User"] = fmt::format("{0}:{0}", kUser);
    config["ExposedPorts"].emplace_object()[fmt::format("{}/tcp", parts_.port)] = json::object();
    config["Env"] = std::move(environment);
    config["Entrypoint"] = json::array{json::value("/" + std::string(kProgramPath))};
    config["Cmd"] = json::array(parts_.command.begin(), parts_.command.end());
    config["WorkingDir"] = "/";
    config["StopSignal"] = "SIGTERM";
  }

  // Nothing is written but below /tmp and /models.
  std::map<std::string, std::string> environment_of() const {
    std::map<std::string, std::string> all = {{"PATH", "/usr/bin:/bin"},
                                              {"HOME", "/tmp"},
                                              {"SIXFOLD_HOME", "/models"},
                                              {"HF_HOME", "/models/huggingface"},
                                              {"SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"}};
    for (const auto& [name, value] : parts_.environment) all[name] = value;
    return all;
  }

  std::map<std::string, std::string> labels_of() const {
    std::map<std::string, std::string> all = {{"org.opencontainers.image.created", std::string(kCreated)},
                                              {"org.opencontainers.image.title", parts_.title},
                                              {"org.opencontainers.image.version", tag_of(parts_.image)},
                                              {"io.sixfold.version", parts_.version}};
    if (!parts_.model_source.empty()) all["io.sixfold.model"] = parts_.model_source;
    for (const auto& [name, value] : parts_.labels) all[name] = value;
    return all;
  }

  Result<ImageContent> content_of(const ImagePlatform& platform, const ProgramFiles& files) {
    ImageContent content{parts_.image, platform.platform, parts_.version, {}, parts_.model_source, parts_.command};
    std::vector<std::string> paths;
    for (const ProgramFile& library : files.libraries) paths.push_back(library.from);
    const auto packages = packages_of(paths, platform.place.root);
    if (parts_.has_program) {
      SIXFOLD_TRY(std::string program, hashes_.of_file(files.from));
      content.items.push_back({std::string(kProgramPath), std::move(program), {}});
    }
    for (const ProgramFile& library : files.libraries) {
      SIXFOLD_TRY(std::string hash, hashes_.of_file(library.from));
      const auto package = packages.find(library.from);
      content.items.push_back(
          {library.path, std::move(hash), package == packages.end() ? InstalledPackage() : package->second});
    }
    for (const ModelFile& file : parts_.model) {
      SIXFOLD_TRY(std::string hash, hashes_.of_file(file.from));
      content.items.push_back({model_path(parts_, file), std::move(hash), {}});
    }
    return content;
  }

  Status attach(const std::string& document, std::string_view type, const Descriptor& subject) {
    SIXFOLD_TRY_STATUS(store_.add("{}", kEmptyType));
    SIXFOLD_TRY(const Descriptor blob, store_.add(document, type));
    SIXFOLD_TRY(Descriptor referrer, store_.add(referrer_manifest(blob, subject), kManifestType));
    image_.referrers.push_back(std::move(referrer));
    return ok();
  }

  const BlobStore& store_;
  const ImageParts& parts_;
  ContentHashes& hashes_;
  const BuildOptions& options_;
  LayerNotes notes_;
  Image image_;
};

}  // namespace

Result<Image> build_image(const BlobStore& store, const ImageParts& parts, ContentHashes& hashes,
                          const BuildOptions& options) {
  return Builder(store, parts, hashes, options).build();
}

}  // namespace sixfold::deploy::oci
