// Reads sixfold.yaml with yaml-cpp.  Every map is walked against the list of its known keys.
#include "manifest/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <span>

#include "core/digest.h"
#include "core/error.h"
#include "core/file_map.h"
#include "manifest/load_yaml.h"
#include "manifest/nearest_name.h"
#include "manifest/section_state.h"

namespace sixfold::manifest {
namespace {

constexpr std::string_view kApiVersion = "sixfold/v1";
constexpr std::size_t kTargetsMax = 64;
constexpr std::size_t kManifestBytesMax = 1u << 20;

struct Reader {
  std::string_view file;

  Error error_at(const YAML::Mark& mark, std::string message) const {
    return corrupt_data("{}:{}: {}", file, mark.line + 1, message);
  }

  Status check_keys(const YAML::Node& map, std::string_view where, std::span<const std::string_view> known) const {
    if (!map.IsMap()) return error_at(map.Mark(), fmt::format("{}: want a map of settings", where));
    for (const auto& entry : map) {
      const auto key = entry.first.as<std::string>("");
      bool is_known = false;
      for (const std::string_view name : known) is_known |= name == key;
      if (is_known) continue;
      const std::string_view near = nearest_name(key, known);
      return error_at(entry.first.Mark(),
                      near.empty()
                          ? fmt::format("unknown key \"{}\" in {}; known keys: {}", key, where, fmt::join(known, ", "))
                          : fmt::format("unknown key \"{}\" in {}; did you mean \"{}\"?", key, where, near));
    }
    return ok();
  }

  Status read_text(const YAML::Node& node, std::string_view where, std::optional<std::string>& out) const {
    if (!node) return ok();
    if (!node.IsScalar()) return error_at(node.Mark(), fmt::format("{}: want text", where));
    out = node.Scalar();
    return ok();
  }

  Status read_texts(const YAML::Node& node, std::string_view where,
                    std::optional<std::vector<std::string>>& out) const {
    if (!node) return ok();
    if (!node.IsSequence()) return error_at(node.Mark(), fmt::format("{}: want a list of texts", where));
    out.emplace();
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) return error_at(item.Mark(), fmt::format("{}: want a list of texts", where));
      out->push_back(item.Scalar());
    }
    return ok();
  }

  Status read_count(const YAML::Node& node, std::string_view where, std::uint64_t smallest, std::uint64_t largest,
                    std::optional<std::uint64_t>& out) const {
    if (!node) return ok();
    std::uint64_t value = 0;
    const bool is_number = node.IsScalar() && YAML::convert<std::uint64_t>::decode(node, value);
    if (!is_number || value < smallest || value > largest) {
      return error_at(node.Mark(), fmt::format("{}: want a whole number from {} to {}, got \"{}\"", where, smallest,
                                               largest, node.IsScalar() ? node.Scalar() : "a list or map"));
    }
    out = value;
    return ok();
  }
};

Status read_serve(const Reader& reader, const YAML::Node& node, Serve& serve) {
  static constexpr std::array<std::string_view, 10> kKeys = {"host",        "port",        "threads", "context",
                                                             "parallel",    "kv_dtype",    "queue",   "batch_rows",
                                                             "speculation", "weight_cache"};
  SIXFOLD_TRY_STATUS(reader.check_keys(node, "serve", kKeys));
  SIXFOLD_TRY_STATUS(reader.read_text(node["host"], "serve.host", serve.host));
  SIXFOLD_TRY_STATUS(reader.read_count(node["port"], "serve.port", 0, 65535, serve.port));
  SIXFOLD_TRY_STATUS(reader.read_count(node["threads"], "serve.threads", 1, 1024, serve.threads));
  SIXFOLD_TRY_STATUS(reader.read_count(node["context"], "serve.context", 1, 1u << 24, serve.context));
  SIXFOLD_TRY_STATUS(reader.read_count(node["parallel"], "serve.parallel", 1, 1024, serve.parallel));
  SIXFOLD_TRY_STATUS(reader.read_count(node["queue"], "serve.queue", 1, 1024, serve.queue));
  SIXFOLD_TRY_STATUS(reader.read_count(node["batch_rows"], "serve.batch_rows", 1, 4096, serve.batch_rows));
  SIXFOLD_TRY_STATUS(reader.read_text(node["weight_cache"], "serve.weight_cache", serve.weight_cache));
  SIXFOLD_TRY_STATUS(reader.read_text(node["kv_dtype"], "serve.kv_dtype", serve.kv_dtype));
  if (serve.kv_dtype && *serve.kv_dtype != "i16" && *serve.kv_dtype != "f16" && *serve.kv_dtype != "bf16" &&
      *serve.kv_dtype != "f32") {
    return reader.error_at(node["kv_dtype"].Mark(),
                           fmt::format("serve.kv_dtype: want i16, f16, bf16 or f32, got \"{}\"", *serve.kv_dtype));
  }
  SIXFOLD_TRY_STATUS(reader.read_text(node["speculation"], "serve.speculation", serve.speculation));
  if (serve.speculation && *serve.speculation != "auto" && *serve.speculation != "off") {
    return reader.error_at(node["speculation"].Mark(),
                           fmt::format("serve.speculation: want auto or off, got \"{}\"", *serve.speculation));
  }
  return ok();
}

Status read_targets(const Reader& reader, const YAML::Node& node, Manifest& manifest) {
  if (!node.IsMap() || node.size() > kTargetsMax) {
    return reader.error_at(node.Mark(), fmt::format("targets: want a map of at most {} targets", kTargetsMax));
  }
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>("");
    if (manifest.target(name) != nullptr) {
      return reader.error_at(entry.first.Mark(), fmt::format("targets.{}: want it once, got it twice", name));
    }
    manifest.targets.emplace_back(
        name, SectionText(std::make_shared<const SectionText::State>(SectionText::State{
                  std::string(reader.file), "targets." + name, entry.second, entry.first.Mark().line})));
  }
  return ok();
}

Result<Manifest> read_root(const Reader& reader, const YAML::Node& root) {
  static constexpr std::array<std::string_view, 5> kKeys = {"apiVersion", "name", "model", "serve", "targets"};
  static constexpr std::array<std::string_view, 4> kModelKeys = {"source", "sha256", "weights", "adapters"};
  SIXFOLD_TRY_STATUS(reader.check_keys(root, "the manifest", kKeys));
  std::optional<std::string> version;
  SIXFOLD_TRY_STATUS(reader.read_text(root["apiVersion"], "apiVersion", version));
  if (version != kApiVersion) {
    return reader.error_at(root["apiVersion"] ? root["apiVersion"].Mark() : root.Mark(),
                           fmt::format("apiVersion: want {}, got {}", kApiVersion, version ? *version : "nothing"));
  }
  Manifest manifest;
  SIXFOLD_TRY_STATUS(reader.read_text(root["name"], "name", manifest.name));
  if (const YAML::Node model = root["model"]) {
    SIXFOLD_TRY_STATUS(reader.check_keys(model, "model", kModelKeys));
    SIXFOLD_TRY_STATUS(reader.read_text(model["source"], "model.source", manifest.model_source));
    SIXFOLD_TRY_STATUS(reader.read_text(model["sha256"], "model.sha256", manifest.model_sha256));
    if (manifest.model_sha256 && !is_sha256_hex(*manifest.model_sha256)) {
      return reader.error_at(
          model["sha256"].Mark(),
          fmt::format("model.sha256: want 64 lower-case hex digits, got \"{}\"", *manifest.model_sha256));
    }
    if (manifest.model_sha256 && !manifest.model_source) {
      return reader.error_at(model["sha256"].Mark(), "model.sha256: want model.source with it, got none");
    }
    SIXFOLD_TRY_STATUS(reader.read_texts(model["adapters"], "model.adapters", manifest.model_adapters));
    SIXFOLD_TRY_STATUS(reader.read_text(model["weights"], "model.weights", manifest.model_weights));
    if (manifest.model_weights && *manifest.model_weights != "stored" && *manifest.model_weights != "bf16" &&
        *manifest.model_weights != "q8_0" && *manifest.model_weights != "q4_0") {
      return reader.error_at(
          model["weights"].Mark(),
          fmt::format("model.weights: want stored, bf16, q8_0 or q4_0, got \"{}\"", *manifest.model_weights));
    }
  }
  if (const YAML::Node serve = root["serve"]) SIXFOLD_TRY_STATUS(read_serve(reader, serve, manifest.serve));
  if (const YAML::Node targets = root["targets"]) SIXFOLD_TRY_STATUS(read_targets(reader, targets, manifest));
  return manifest;
}

}  // namespace

const SectionText* Manifest::target(std::string_view wanted) const {
  for (const auto& [own, text] : targets) {
    if (own == wanted) return &text;
  }
  return nullptr;
}

Result<Manifest> parse_manifest(std::string_view text, std::string_view file_name) {
  const Reader reader{file_name};
  if (text.size() > kManifestBytesMax) {
    return corrupt_data("{}: want at most {} bytes, got {}", file_name, kManifestBytesMax, text.size());
  }
  SIXFOLD_TRY(const YAML::Node root, load_yaml(text, file_name));
  try {
    return read_root(reader, root);
  } catch (const YAML::Exception& exception) {
    return reader.error_at(exception.mark, exception.msg);
  }
}

Result<Manifest> read_manifest(const std::string& path) {
  SIXFOLD_TRY(const FileMap file, FileMap::open(path));
  const auto bytes = file.bytes();
  return parse_manifest({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

}  // namespace sixfold::manifest
