// An image: made here, without another program, then written as an archive, pushed to a registry, or both.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/version.h"
#include "deploy/container/make_image.h"
#include "deploy/container/recipe.h"
#include "deploy/oci/archive.h"
#include "deploy/oci/push_image.h"
#include "deploy/progress_lines.h"
#include "deploy/target_list.h"
#include "registry/docker_login.h"
#include "registry/folders.h"

namespace sixfold::deploy {
namespace {

namespace fs = std::filesystem;
using container::Recipe;

constexpr int kLookTimeoutMs = 10'000;

Result<Recipe> recipe_of(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    if (file.path == container::kRecipeFile) return container::parse_recipe(file.text);
  }
  return corrupt_data("{}: want it among the files, got none", container::kRecipeFile);
}

Result<std::unique_ptr<registry::OciSession>> open_session(const Recipe& recipe, net::HttpClientOptions http) {
  SIXFOLD_TRY(const registry::OciReference reference, registry::parse_oci_reference(recipe.image));
  http.user_agent = "sixfold/" + std::string(version());
  return std::make_unique<registry::OciSession>(
      reference, registry::find_docker_login(registry::process_environment, reference.host), std::move(http));
}

Status remove_store(StepContext& context) {
  const std::string folder = container::store_folder(context);
  std::error_code error;
  fs::remove_all(folder, error);
  return error ? Status(internal_error("{}: {}", folder, error.message())) : ok();
}

Step build_step(const Recipe& recipe) {
  std::vector<std::string_view> platforms;
  for (const container::PlatformProgram& each : recipe.platforms) platforms.emplace_back(each.platform);
  return {"build",
          fmt::format("makes the image {} for {}{}", recipe.image, fmt::join(platforms, " and "),
                      recipe.model_place == container::ModelPlace::kLayer ? " with " + recipe.model_source : ""),
          [recipe](StepContext& context) { return container::make_image(recipe, context); }, remove_store};
}

Step archive_step(const Recipe& recipe) {
  return {"archive", fmt::format("writes {}", recipe.archive),
          [recipe](StepContext& context) -> Status {
            SIXFOLD_TRY(const oci::BlobStore store, oci::BlobStore::open(container::store_folder(context)));
            const std::string path = container::path_beside(context.base, recipe.archive);
            if (fs::path(path).has_parent_path()) SIXFOLD_TRY_STATUS(registry::make_parent_folders(path));
            SIXFOLD_TRY(const std::uint64_t bytes,
                        oci::write_archive(store, recipe.image, container::own_platform(), path, context.is_cancelled));
            context.say(fmt::format("{}: {} bytes", path, bytes));
            return ok();
          },
          [recipe](StepContext& context) -> Status {
            // One file and nothing else, whatever the recipe says.
            const std::string path = container::path_beside(context.base, recipe.archive);
            std::error_code error;
            if (registry::is_file(path)) fs::remove(path, error);
            return error ? Status(internal_error("{}: {}", path, error.message())) : ok();
          }};
}

Status push(const Recipe& recipe, StepContext& context) {
  SIXFOLD_TRY(const oci::BlobStore store, oci::BlobStore::open(container::store_folder(context)));
  net::HttpClientOptions http;
  http.is_cancelled = context.is_cancelled;
  SIXFOLD_TRY(const std::unique_ptr<registry::OciSession> session, open_session(recipe, std::move(http)));
  ProgressLines lines(context.say);
  const auto progress = [&](std::uint64_t done, std::uint64_t total) { lines.update("in the registry", done, total); };
  SIXFOLD_TRY(const oci::PushedImage pushed, oci::push_image(store, *session, progress));
  context.say(fmt::format("{}@{}: {} of {} bytes sent", recipe.image, pushed.digest, pushed.sent, pushed.bytes));
  return ok();
}

// Many registries do not let clients remove a name: that is said, and no error.
Status remove_tag(const Recipe& recipe, StepContext& context) {
  net::HttpClientOptions http;
  http.is_cancelled = context.is_cancelled;
  SIXFOLD_TRY(const std::unique_ptr<registry::OciSession> session, open_session(recipe, std::move(http)));
  SIXFOLD_TRY(const net::TextResponse response,
              session->send({.method = "DELETE", .url = session->url("/manifests/" + session->reference().tag)}));
  const int status = response.head.status;
  if (status == 401 || status == 403) return session->explain(response.head);
  const bool is_gone = status == 202 || status == 404;
  if (!is_gone)
    context.say(fmt::format("{}: the registry keeps it (status {}); remove it there", recipe.image, status));
  return ok();
}

Step push_step(const Recipe& recipe) {
  return {"push", fmt::format("sends what the registry does not have yet, and names it {}", recipe.image),
          [recipe](StepContext& context) { return push(recipe, context); },
          [recipe](StepContext& context) { return remove_tag(recipe, context); }};
}

}  // namespace

Result<std::vector<RenderedFile>> render_container(const RenderInput& input) {
  SIXFOLD_TRY(const Recipe recipe, container::read_recipe(input));
  return std::vector<RenderedFile>{{std::string(container::kRecipeFile), container::recipe_text(recipe)}};
}

Result<std::vector<Step>> container_steps(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Recipe recipe, recipe_of(files));
  std::vector<Step> steps = {build_step(recipe)};
  if (!recipe.archive.empty()) steps.push_back(archive_step(recipe));
  if (recipe.is_pushed) steps.push_back(push_step(recipe));
  return steps;
}

Result<std::string> look_at_container(const std::vector<RenderedFile>& files, const std::string&) {
  SIXFOLD_TRY(const Recipe recipe, recipe_of(files));
  if (!recipe.is_pushed) return recipe.image + "\n";
  net::HttpClientOptions http;
  http.retry.attempts_max = 1;
  http.stall_timeout_ms = kLookTimeoutMs;
  SIXFOLD_TRY(const std::unique_ptr<registry::OciSession> session, open_session(recipe, std::move(http)));
  SIXFOLD_TRY(const net::TextResponse response,
              session->send({.method = "HEAD",
                             .url = session->url("/manifests/" + session->reference().tag),
                             .headers = {{"Accept", std::string(oci::kIndexType)}}}));
  if (response.head.status == 404) return recipe.image + ": not in the registry\n";
  if (response.head.status != 200) return session->explain(response.head);
  return fmt::format("{}@{}\n", recipe.image, response.head.header("Docker-Content-Digest"));
}

}  // namespace sixfold::deploy
