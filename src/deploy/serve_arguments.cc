// One place for the flags that every target's command line has.
#include "deploy/serve_arguments.h"

#include "registry/artifact.h"
#include "registry/catalogue.h"
#include "registry/source_list.h"

namespace sixfold::deploy {

std::string model_source(const manifest::Manifest& manifest) {
  return manifest.model_source.value_or(std::string(registry::kBuiltinSource));
}

bool is_pullable(std::string_view source) {
  if (source.starts_with("file:")) return false;
  return registry::find_source(source) != nullptr || registry::find_in_catalogue(source) != nullptr;
}

std::vector<std::string> serve_arguments(const manifest::Manifest& manifest, std::string_view model,
                                         std::uint64_t port) {
  std::vector<std::string> out = {"serve", model.empty() ? model_source(manifest) : std::string(model)};
  const auto add = [&](std::string_view flag, std::string value) {
    out.emplace_back(flag);
    out.push_back(std::move(value));
  };
  const auto add_count = [&](std::string_view flag, const std::optional<std::uint64_t>& value) {
    if (value) add(flag, std::to_string(*value));
  };
  const auto add_text = [&](std::string_view flag, const std::optional<std::string>& value) {
    if (value) add(flag, *value);
  };
  add("--host", "0.0.0.0");
  add("--port", std::to_string(port));
  add_text("--name", manifest.name);
  add_count("--threads", manifest.serve.threads);
  add_count("--context", manifest.serve.context);
  add_count("--parallel", manifest.serve.parallel);
  add_count("--queue", manifest.serve.queue);
  add_count("--batch-rows", manifest.serve.batch_rows);
  add_text("--kv-dtype", manifest.serve.kv_dtype);
  add_text("--speculation", manifest.serve.speculation);
  add_text("--weight-cache", manifest.serve.weight_cache);
  add_text("--weights", manifest.model_weights);
  if (manifest.model_adapters) {
    for (const std::string& adapter : *manifest.model_adapters) add("--lora", adapter);
  }
  return out;
}

}  // namespace sixfold::deploy
