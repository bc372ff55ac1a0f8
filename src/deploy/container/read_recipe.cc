// Reads the section; what would only be found out in the middle of a build is refused here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "deploy/container/recipe.h"
#include "deploy/kubernetes/names.h"
#include "deploy/serve_arguments.h"
#include "registry/artifact.h"
#include "registry/oci_reference.h"

namespace sixfold::deploy::container {
namespace {

namespace fs = std::filesystem;
using manifest::Section;

constexpr std::array<std::string_view, 2> kPlatforms = {"linux/amd64", "linux/arm64"};
constexpr std::string_view kImageForm = "an image with a tag, such as registry.example/bot:1.0";
constexpr std::string_view kLocalHost = "localhost";

bool is_image(std::string_view text) {
  const auto reference = registry::parse_oci_reference(std::string(text));
  return reference.is_ok() && reference->digest.empty();
}
bool is_label_key(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.find_first_of(" \t\n\"=") == std::string_view::npos;
}
// Undoing removes it: nothing else may be called so by mistake.
bool is_archive(std::string_view text) {
  return text.size() > 4 && text.ends_with(".tar") && text.find('\0') == std::string_view::npos;
}
bool is_path(std::string_view text) {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

// Images without a registry are called as other programs call those that were made on this machine.
void read_image(Section& root, Recipe& recipe) {
  const std::string label = kubernetes::dns_label_of(recipe.name);
  root.checked_text("image", is_image, kImageForm, recipe.image);
  if (!root.is_ok()) return;
  if (recipe.image.empty()) {
    if (label.empty()) return root.refuse("image", "want an image here or a name in the manifest, got neither");
    recipe.image = fmt::format("{}/{}:latest", kLocalHost, label);
  }
  const auto reference = registry::parse_oci_reference(recipe.image);
  if (!reference.is_ok()) return root.refuse("image", reference.error().message);
  recipe.image = reference->text();
  const bool has_registry = reference->host != kLocalHost;
  recipe.is_pushed = has_registry;
  root.flag("push", recipe.is_pushed);
  if (recipe.is_pushed && !has_registry) {
    root.refuse("push", fmt::format("\"{}\" names no registry to push to; want an image such as registry.example/{}",
                                    recipe.image, reference->repository));
  }
  if (!recipe.is_pushed) recipe.archive = (label.empty() ? "image" : label) + ".tar";
  root.checked_text("archive", is_archive, "a path that ends with .tar", recipe.archive);
}

void read_contents_key(Section& root, Recipe& recipe) {
  std::string contents(kContentsNames.front());
  root.choice("contents", kContentsNames, contents);
  recipe.has_program = contents == kContentsNames.front();
}

void read_platforms(Section& root, Recipe& recipe) {
  std::vector<std::string> platforms = {std::string(own_platform())};
  if (!recipe.has_program) platforms.assign(kPlatforms.begin(), kPlatforms.end());
  std::map<std::string, std::string> binaries;
  root.texts("platforms", platforms);
  root.text_map("binaries", binaries);
  if (!recipe.has_program && !binaries.empty()) root.refuse("binaries", "an image with contents: model has no program");
  if (platforms.empty()) root.refuse("platforms", "want at least one platform");
  for (const std::string& platform : platforms) {
    if (std::find(kPlatforms.begin(), kPlatforms.end(), platform) == kPlatforms.end()) {
      return root.refuse("platforms", fmt::format("want linux/amd64 or linux/arm64, got \"{}\"", platform));
    }
    if (std::count(platforms.begin(), platforms.end(), platform) > 1) {
      return root.refuse("platforms", fmt::format("{} is there twice", platform));
    }
    const auto program = binaries.find(platform);
    if (recipe.has_program && program == binaries.end() && platform != own_platform()) {
      return root.refuse("platforms",
                         fmt::format("{}: this program is for {}; build sixfold on such a machine and name its "
                                     "program under binaries: {{{}: PATH}}",
                                     platform, own_platform(), platform));
    }
    recipe.platforms.push_back({platform, program == binaries.end() ? std::string() : program->second, {}});
  }
  for (const auto& [platform, path] : binaries) {
    if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end()) {
      root.refuse("binaries", fmt::format("{} is not among the platforms", platform));
    }
    if (!is_path(path)) root.refuse("binaries", fmt::format("{}: want the path of a program, got none", platform));
  }
}

void read_model(Section& root, const manifest::Manifest& manifest, Recipe& recipe) {
  static constexpr std::array<std::string_view, 2> kPlaces = {"included", "pulled"};
  std::string place = "included";
  root.choice("model", kPlaces, place);
  recipe.model_source = model_source(manifest);
  recipe.model_place = recipe.model_source == registry::kBuiltinSource ? ModelPlace::kBuiltin
                       : place == "included"                           ? ModelPlace::kLayer
                                                                       : ModelPlace::kPulled;
  if (!recipe.has_program && recipe.model_place != ModelPlace::kLayer) {
    root.refuse(
        "contents",
        fmt::format("\"model\" wants a model to include; model.source is \"{}\", and it is {}", recipe.model_source,
                    recipe.model_place == ModelPlace::kPulled ? "pulled" : "a part of the program"));
  }
  const bool is_elsewhere = is_pullable(recipe.model_source);
  if (recipe.model_place == ModelPlace::kPulled && !is_elsewhere) {
    root.refuse("model", fmt::format("\"{}\" lies on this machine: a container cannot pull it; want model: included, "
                                     "or model.source with an address",
                                     recipe.model_source));
  }
  for (const std::string& adapter : manifest.model_adapters.value_or(std::vector<std::string>())) {
    const std::string source = adapter.substr(adapter.find('=') + 1);
    if (is_pullable(source)) continue;
    root.refuse("model", fmt::format("the adapter \"{}\" lies on this machine; want an address from which the "
                                     "container can pull it",
                                     adapter));
  }
}

void read_runtime(Section& root, const manifest::Manifest& manifest, Recipe& recipe) {
  root.text_map("env", recipe.environment);
  if (!recipe.has_program && !recipe.environment.empty()) {
    root.refuse("env", "an image with contents: model runs nothing");
  }
  for (const auto& [name, value] : recipe.environment) {
    if (!kubernetes::is_variable(name)) {
      root.refuse("env", fmt::format("want names of environment variables, got \"{}\"", name));
    }
  }
  root.text_map("labels", recipe.labels);
  for (const auto& [name, value] : recipe.labels) {
    if (!is_label_key(name)) root.refuse("labels", fmt::format("want names without spaces, got \"{}\"", name));
  }
  if (!recipe.has_program) return;
  recipe.arguments = serve_arguments(manifest, {}, kPort);
  recipe.arguments.erase(recipe.arguments.begin(), recipe.arguments.begin() + 2);  // the verb and the model
}

// What the recipe's files are now, so that a change of theirs changes the recipe.
Status read_contents(const RenderInput& input, Recipe& recipe) {
  if (!input.sha256_of) return ok();
  const std::string folder = fs::path(input.file).parent_path().string();
  for (PlatformProgram& program : recipe.platforms) {
    if (!recipe.has_program) break;
    const std::string path = program.program.empty() ? std::string() : path_beside(folder, program.program);
    SIXFOLD_TRY(program.sha256, input.sha256_of(path));
  }
  if (recipe.model_place == ModelPlace::kLayer && !is_pullable(recipe.model_source)) {
    constexpr std::string_view kScheme = "file:";
    if (recipe.model_source.starts_with(kScheme)) recipe.model_source.erase(0, kScheme.size());
    SIXFOLD_TRY(const std::string hash, input.sha256_of(path_beside(folder, recipe.model_source)));
    if (!recipe.model_sha256.empty() && recipe.model_sha256 != hash) {
      return corrupt_data("{}: SHA-256: model.sha256 says {}, it is {}", recipe.model_source, recipe.model_sha256,
                          hash);
    }
    recipe.model_sha256 = hash;
  }
  return ok();
}

}  // namespace

std::string path_beside(const std::string& folder, const std::string& path) {
  return folder.empty() ? path : (fs::path(folder) / path).string();
}

std::string_view own_platform() {
#if defined(__aarch64__)
  return "linux/arm64";
#else
  return "linux/amd64";
#endif
}

Result<Recipe> read_recipe(const RenderInput& input) {
  Section root(input.section);
  Recipe recipe;
  recipe.name = input.manifest.name.value_or("");
  read_image(root, recipe);
  read_contents_key(root, recipe);
  read_platforms(root, recipe);
  read_model(root, input.manifest, recipe);
  read_runtime(root, input.manifest, recipe);
  SIXFOLD_TRY_STATUS(root.finish());
  if (recipe.model_place == ModelPlace::kLayer) recipe.model_sha256 = input.manifest.model_sha256.value_or("");
  SIXFOLD_TRY_STATUS(read_contents(input, recipe));
  return recipe;
}

}  // namespace sixfold::deploy::container
