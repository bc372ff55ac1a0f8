// The recipe is held against the files as they are now: an image is what its plan said, or none.
#include "deploy/container/make_image.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/version.h"
#include "deploy/container/image_history.h"
#include "deploy/progress_lines.h"
#include "deploy/serve_arguments.h"
#include "registry/push/push.h"

namespace sixfold::deploy::container {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelsFolder = "/models";

struct ModelParts {
  std::vector<oci::ModelFile> files;
  std::string path;  // in the image: what `serve` gets
};

registry::PullOptions pull_options(const StepContext& context) {
  registry::PullOptions options;
  options.context.note = [say = context.say](const std::string& text) { say(text); };
  options.context.http.user_agent = "sixfold/" + std::string(version());
  options.context.http.is_cancelled = context.is_cancelled;
  options.progress = [lines = ProgressLines(context.say)](const registry::PullProgress& progress) mutable {
    lines.update("the model, pulled", progress.done, progress.total);
  };
  return options;
}

Status check_hash(const std::string& what, const std::string& want, const std::string& got) {
  if (want.empty() || want == got) return ok();
  return corrupt_data("{}: SHA-256: the plan says {}, it is {} now; plan again, or bring the file back", what, want,
                      got);
}

Result<ModelParts> find_model(const Recipe& recipe, const StepContext& context, ContentHashes& hashes) {
  if (recipe.model_place == ModelPlace::kBuiltin) return ModelParts{{}, recipe.model_source};
  if (recipe.model_place == ModelPlace::kPulled) return ModelParts{{}, recipe.model_source};
  const bool is_here = !is_pullable(recipe.model_source);
  const std::string source = is_here ? path_beside(context.base, recipe.model_source) : recipe.model_source;
  SIXFOLD_TRY(const registry::ModelToPush model, registry::list_model(source, pull_options(context)));
  SIXFOLD_TRY(const std::string hash, hashes.of_content(model.path));
  SIXFOLD_TRY_STATUS(check_hash(source, recipe.model_sha256, hash));
  ModelParts parts{{}, std::string(kModelsFolder)};
  for (const registry::PushFile& file : model.files) {
    parts.files.push_back({file.about.path, file.from});
    std::error_code ignored;
    if (fs::equivalent(file.from, model.path, ignored))
      parts.path = fmt::format("{}/{}", kModelsFolder, file.about.path);
  }
  return parts;
}

Result<oci::ImageParts> collect_parts(const Recipe& recipe, const StepContext& context, ContentHashes& hashes) {
  oci::ImageParts parts;
  parts.image = recipe.image;
  parts.title = recipe.name;
  parts.version = version();
  parts.port = kPort;
  parts.environment = recipe.environment;
  parts.labels = recipe.labels;
  for (const PlatformProgram& each : recipe.platforms) {
    if (!recipe.has_program) {
      parts.platforms.push_back({each.platform, {}});
      continue;
    }
    const std::string path = each.program.empty() ? std::string(kOwnProgram) : path_beside(context.base, each.program);
    SIXFOLD_TRY(oci::ProgramPlace place, oci::find_program(path));
    SIXFOLD_TRY(const std::string hash, hashes.of_file(place.program));
    SIXFOLD_TRY_STATUS(check_hash(each.program.empty() ? "this program" : path, each.sha256, hash));
    parts.platforms.push_back({each.platform, std::move(place)});
  }
  SIXFOLD_TRY(const ModelParts model, find_model(recipe, context, hashes));
  parts.model = model.files;
  parts.model_source = recipe.model_source;
  parts.has_program = recipe.has_program;
  parts.needs_builtin_model = recipe.model_place == ModelPlace::kBuiltin;
  if (!recipe.has_program) return parts;
  parts.command = {"serve", model.path};
  parts.command.insert(parts.command.end(), recipe.arguments.begin(), recipe.arguments.end());
  return parts;
}

}  // namespace

std::string store_folder(const StepContext& context) {
  return context.work + "/image";
}

Status make_image(const Recipe& recipe, StepContext& context) {
  SIXFOLD_TRY(const oci::BlobStore store, oci::BlobStore::open(store_folder(context)));
  ImageHistory history(store);
  const std::string text = recipe_text(recipe);
  std::optional<oci::Image> image = history.find(text);
  if (!image) {
    ContentHashes hashes(context.work + "/hashes.json", {context.say, context.is_cancelled});
    SIXFOLD_TRY(const oci::ImageParts parts, collect_parts(recipe, context, hashes));
    SIXFOLD_TRY(image, oci::build_image(store, parts, hashes, {context.say, context.is_cancelled}));
  }
  SIXFOLD_TRY_STATUS(oci::name_image(store, *image, recipe.image));
  context.say(fmt::format("{}: {}", recipe.image, image->index.digest));
  return history.add(text, *image);
}

}  // namespace sixfold::deploy::container
