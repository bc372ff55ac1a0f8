// Every key is read by the function of what it belongs to; what does not go together is refused where it stands.
#include "deploy/kubernetes/read_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "deploy/kubernetes/names.h"
#include "deploy/kubernetes/objects.h"
#include "deploy/serve_arguments.h"
#include "registry/artifact.h"

namespace sixfold::deploy::kubernetes {
namespace {

using manifest::Section;

// Suffixes, and those that Kubernetes gives pods, must fit into 63.
constexpr std::size_t kNameMax = 46;

bool is_short_name(std::string_view text) {
  return is_dns_label(text) && text.size() <= kNameMax;
}
bool is_http_path(std::string_view text) {
  return text.starts_with('/') && text.find_first_of(" \t\n\"'{}") == std::string_view::npos;
}
bool is_address(std::string_view text) {
  return (text.starts_with("http://") || text.starts_with("https://")) &&
         text.find_first_of(" \t\n\"'") == std::string_view::npos;
}

constexpr std::string_view kImageForm = "an image, such as registry.example/bot:1.0";
constexpr std::string_view kNameForm = "a DNS name";
constexpr std::string_view kQuantityForm = "a quantity, such as 500m or 8Gi";

bool has_pullable_adapter(const manifest::Manifest& manifest) {
  if (!manifest.model_adapters) return false;
  return std::any_of(manifest.model_adapters->begin(), manifest.model_adapters->end(), [](const std::string& adapter) {
    return is_pullable(std::string_view(adapter).substr(adapter.find('=') + 1));
  });
}

void read_model(Section& root, const manifest::Manifest& manifest, Settings& settings) {
  const std::string source = model_source(manifest);
  const bool is_builtin = source == registry::kBuiltinSource;
  if (!is_builtin) settings.model = {ModelSource::Kind::kPull, source, "20Gi", {}};
  std::optional<Section> section = root.section("model");
  std::string served;
  if (section) {
    static constexpr std::array<std::string_view, 4> kKinds = {"image", "pull", "claim", "image_volume"};
    std::string from = is_builtin ? "image" : "pull";
    section->choice("from", kKinds, from);
    section->text("path", served);
    if (from == "image") settings.model = {};
    if (from == "claim") {
      settings.model.kind = ModelSource::Kind::kClaim;
      section->checked_text("claim", is_dns_subdomain, kNameForm, settings.model.reference);
      if (!section->has("claim")) section->refuse("claim", "want the name of a persistent volume claim, got none");
    }
    if (from == "image_volume") {
      settings.model.kind = ModelSource::Kind::kImageVolume;
      section->checked_text("image", is_image, kImageForm, settings.model.reference);
      if (!section->has("image")) section->refuse("image", "want the image that holds the model, got none");
    }
    if (from == "pull") {
      section->checked_text("size", is_quantity, kQuantityForm, settings.model.size_limit);
      section->checked_text("secret", is_dns_subdomain, kNameForm, settings.model.secret);
    }
    const bool is_mounted = from == "claim" || from == "image_volume";
    if (is_mounted && !section->has("path")) {
      section->refuse("path", fmt::format("want the model's path below {}, such as model.gguf, got none", kModels));
    }
    if (section->has("path") && (served.empty() || served.front() == '/' || served.find("..") != std::string::npos)) {
      section->refuse("path", fmt::format("want a path below {}, got \"{}\"", kModels, served));
    }
    if (from == "pull" && section->has("path")) section->refuse("path", "a model that is pulled has no path");
  }
  const bool is_pulled = settings.model.kind == ModelSource::Kind::kPull;
  if (is_pulled && !is_pullable(source)) {
    root.refuse("model",
                fmt::format("\"{}\" lies on this machine: give model.source an address that pods can pull from, or "
                            "put the model into the image (model: {{from: image, path: ...}})",
                            source));
  }
  const std::string path = served.empty() ? std::string() : fmt::format("{}/{}", kModels, served);
  settings.arguments = serve_arguments(manifest, path, kPort);
  settings.pulls = is_pulled || has_pullable_adapter(manifest);
  // Adapters are pulled by the server itself.
  if (is_pulled && !has_pullable_adapter(manifest)) settings.arguments.emplace_back("--offline");
}

void read_scaling(Section& root, Settings& settings) {
  std::optional<Section> section = root.section("scaling");
  if (!section) return;
  static constexpr std::array<std::string_view, 3> kBy = {"cpu", "queue", "keda"};
  Scaling& scaling = settings.scaling.emplace();
  std::string by = "cpu";
  section->choice("by", kBy, by);
  scaling.by = by == "keda" ? Scaling::By::kKeda : by == "queue" ? Scaling::By::kQueue : Scaling::By::kCpu;
  const bool is_keda = by == "keda";
  section->count("min", is_keda ? 0 : 1, kPodsMax, scaling.least);
  section->count("max", 1, kPodsMax, scaling.most);
  section->count("target_queue_depth", 1, 1000, scaling.target_queue_depth);
  section->count("target_kv_percent", 1, 100, scaling.target_kv_percent);
  section->count("target_cpu_percent", 1, 100, scaling.target_cpu_percent);
  section->checked_text("prometheus", is_address, "an address, such as http://prometheus.monitoring:9090",
                        scaling.prometheus);
  if (scaling.most < scaling.least) {
    section->refuse("max", fmt::format("want at least min ({}), got {}", scaling.least, scaling.most));
  }
  if (is_keda && scaling.prometheus.empty()) {
    section->refuse("prometheus", "KEDA asks Prometheus; want its address, got none");
  }
  if (!is_keda && section->has("prometheus")) section->refuse("prometheus", "only KEDA (by: keda) asks Prometheus");
  if (root.has("replicas"))
    root.refuse("replicas", "the number of pods is what scaling decides; leave one of both out");
}

void read_entry(Section& section, Entry& entry) {
  section.checked_text("host", is_dns_subdomain, kNameForm, entry.host);
  section.checked_text("path", is_http_path, "a path that begins with /", entry.path);
}

// The tag is the version, where it can be a label.
std::string version_of(std::string_view image) {
  const std::size_t colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return {};
  const std::string_view tag = image.substr(colon + 1);
  return image.find('@') == std::string_view::npos && is_label_value(tag) ? std::string(tag) : std::string();
}

void read_traffic(Section& root, Settings& settings) {
  if (std::optional<Section> section = root.section("ingress")) {
    Entry& entry = settings.ingress.emplace();
    read_entry(*section, entry);
    section->checked_text("class", is_dns_subdomain, kNameForm, entry.ingress_class);
    section->checked_text("tls_secret", is_dns_subdomain, kNameForm, entry.tls_secret);
    if (entry.host.empty()) section->refuse("host", "want the host's name, got none");
  }
  if (std::optional<Section> section = root.section("route")) {
    Entry& entry = settings.route.emplace();
    read_entry(*section, entry);
    section->checked_text("gateway", is_dns_subdomain, kNameForm, entry.gateway);
    section->checked_text("gateway_namespace", is_dns_label, kNameForm, entry.gateway_namespace);
    if (entry.gateway.empty()) section->refuse("gateway", "want the gateway's name, got none");
  }
  if (std::optional<Section> section = root.section("pool")) {
    settings.has_pool = true;
    section->checked_text("endpoint_picker", is_dns_subdomain, kNameForm, settings.endpoint_picker);
    if (!root.has("route"))
      section->refuse("endpoint_picker", "a pool needs a route that leads to it (targets...route)");
  }
  if (std::optional<Section> section = root.section("canary")) {
    Canary canary{.image = settings.image};
    section->checked_text("image", is_image, kImageForm, canary.image);
    canary.version = version_of(canary.image);
    section->count("percent", 1, 99, canary.percent);
    section->count("replicas", 1, kPodsMax, canary.replicas);
    if (!section->has("image")) section->refuse("image", "want the image of the second version, got none");
    if (!settings.ingress && !settings.route) {
      section->refuse("percent", "weights need an ingress or a route that divides the requests");
    }
    if (settings.has_pool) section->refuse("percent", "a pool picks pods by their load, not by weights");
    settings.canary = std::move(canary);
  }
}

void read_monitor(Section& root, Settings& settings) {
  std::optional<Section> section = root.section("monitor");
  if (!section) return;
  settings.has_monitor = true;
  section->text_map("labels", settings.monitor_labels);
  for (const auto& [name, value] : settings.monitor_labels) {
    if (!is_label_name(name) || !is_label_value(value)) {
      section->refuse("labels", fmt::format("want labels as Kubernetes has them, got \"{}: {}\"", name, value));
    }
  }
}

void read_pod(Section& root, Settings& settings) {
  root.count("replicas", 1, kPodsMax, settings.replicas);
  root.count("drain_seconds", 1, 3600, settings.drain_seconds);
  root.text_map("env", settings.environment);
  for (const auto& [name, value] : settings.environment) {
    if (!is_variable(name)) root.refuse("env", fmt::format("want names of environment variables, got \"{}\"", name));
  }
  root.checked_text("pull_secret", is_dns_subdomain, kNameForm, settings.pull_secret);
  static constexpr std::array<std::string_view, 3> kPolicies = {"Always", "IfNotPresent", "Never"};
  root.choice("pull_policy", kPolicies, settings.pull_policy);
  root.flag("network_policy", settings.has_network_policy);
  if (std::optional<Section> section = root.section("resources")) {
    section->checked_text("cpu", is_quantity, kQuantityForm, settings.resources.cpu);
    section->checked_text("memory", is_quantity, kQuantityForm, settings.resources.memory);
  }
}

}  // namespace

Result<Settings> read_settings(const RenderInput& input) {
  Section root(input.section);
  Settings settings;
  settings.name = dns_label_of(input.manifest.name.value_or(""));
  root.checked_text("name", is_short_name, fmt::format("a DNS label of at most {} characters", kNameMax),
                    settings.name);
  if (root.is_ok() && !is_short_name(settings.name)) {
    root.refuse("name",
                fmt::format("want a DNS label of at most {} characters here, or a manifest's name that gives one, "
                            "got \"{}\"",
                            kNameMax, settings.name));
  }
  root.checked_text("namespace", is_dns_label, kNameForm, settings.space);
  root.checked_text("image", is_image, kImageForm, settings.image);
  if (root.is_ok() && settings.image.empty()) {
    root.refuse("image", fmt::format("want {}, got none; `sixfold deploy container` makes one", kImageForm));
  }
  settings.version = version_of(settings.image);
  read_pod(root, settings);
  read_model(root, input.manifest, settings);
  read_scaling(root, settings);
  read_traffic(root, settings);
  read_monitor(root, settings);
  SIXFOLD_TRY_STATUS(root.finish());
  return settings;
}

}  // namespace sixfold::deploy::kubernetes
