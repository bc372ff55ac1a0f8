// A Compose file: one machine, one container.  Source: the Compose specification.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/json.h"
#include "deploy/kubernetes/names.h"
#include "deploy/process.h"
#include "deploy/serve_arguments.h"
#include "deploy/target_list.h"
#include "manifest/yaml_text.h"

namespace sixfold::deploy {
namespace {

constexpr std::string_view kFile = "compose.yaml";
constexpr std::uint64_t kPort = 8080;
constexpr std::uint64_t kDrainSeconds = 60;

struct ComposeSettings {
  std::string name;
  std::string image;
  std::string address = "127.0.0.1";
  std::uint64_t port = kPort;
  std::string memory;  // as Compose writes it: "4g"
  double cpus = 0;     // 0: all
};

bool is_image(std::string_view text) {
  return kubernetes::is_image(text);
}
bool is_memory(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && digits < 10 && text.front() != '0' &&
         std::string_view("kmg").find(text[digits]) != std::string_view::npos && digits + 1 == text.size();
}

Result<ComposeSettings> read(const RenderInput& input) {
  manifest::Section section(input.section);
  ComposeSettings settings;
  settings.name = kubernetes::dns_label_of(input.manifest.name.value_or(""));
  section.checked_text("name", kubernetes::is_dns_label, "a name of a-z, 0-9 and -", settings.name);
  if (section.is_ok() && settings.name.empty()) {
    section.refuse("name", "want a name here or in the manifest, got none");
  }
  section.checked_text("image", is_image, "an image, such as registry.example/bot:1.0", settings.image);
  if (section.is_ok() && settings.image.empty()) section.refuse("image", "want an image, got none");
  section.text("address", settings.address);
  section.count("port", 1, 65535, settings.port);
  section.checked_text("memory", is_memory, "a size, such as 512m or 4g", settings.memory);
  section.number("cpus", 0.1, 1024, settings.cpus);
  const std::string source = model_source(input.manifest);
  if (source != "builtin:" && !is_pullable(source)) {
    section.refuse("image",
                   fmt::format("\"{}\" lies on this machine: give model.source an address that the container can "
                               "pull from",
                               source));
  }
  SIXFOLD_TRY_STATUS(section.finish());
  return settings;
}

std::vector<std::string> compose(const StepContext& context, std::vector<std::string> arguments) {
  std::vector<std::string> all = {"docker", "compose", "--file", context.folder + "/" + std::string(kFile)};
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return all;
}

Result<std::string> project_of(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    if (file.path != kFile) continue;
    SIXFOLD_TRY(const json::value document, manifest::yaml_value(file.text, file.path));
    if (document.is_object()) return text_at(document.get_object(), "name");
  }
  return corrupt_data("{}: want it among the files, got none", kFile);
}

}  // namespace

Result<std::vector<RenderedFile>> render_compose(const RenderInput& input) {
  SIXFOLD_TRY(const ComposeSettings settings, read(input));
  std::vector<std::string> arguments = serve_arguments(input.manifest, {}, kPort);
  json::object service = {
      {"image", settings.image},
      {"command", json::array(arguments.begin(), arguments.end())},
      {"environment", json::object{{"HOME", "/tmp"},
                                   {"SIXFOLD_HOME", "/models"},
                                   {"HF_HOME", "/models/huggingface"},
                                   {"XDG_CACHE_HOME", "/models/cache"}}},
      {"ports", json::array{json::value(fmt::format("{}:{}:{}", settings.address, settings.port, kPort))}},
      {"volumes", json::array{json::value("models:/models")}},
      {"tmpfs", json::array{json::value("/tmp")}},
      {"read_only", true},
      {"cap_drop", json::array{json::value("ALL")}},
      {"security_opt", json::array{json::value("no-new-privileges:true")}},
      {"stop_grace_period", fmt::format("{}s", kDrainSeconds)},
      {"restart", "unless-stopped"}};
  if (!settings.memory.empty()) service["mem_limit"] = settings.memory;
  if (settings.cpus > 0) service["cpus"] = settings.cpus;
  json::object services;
  services["server"] = std::move(service);
  json::object volumes;
  volumes["models"] = json::object();
  const json::object document = {
      {"name", settings.name}, {"services", std::move(services)}, {"volumes", std::move(volumes)}};
  return std::vector<RenderedFile>{{std::string(kFile), manifest::yaml_of(document)}};
}

Result<std::vector<Step>> compose_steps(const std::vector<RenderedFile>& files) {
  SIXFOLD_TRY(const std::string project, project_of(files));
  std::vector<Step> steps;
  steps.push_back({"up", fmt::format("docker compose starts the project {}", project),
                   [](StepContext& context) -> Status {
                     SIXFOLD_TRY_STATUS(run_tool(compose(context, {"up", "--detach", "--remove-orphans"}), context.say,
                                                 context.is_cancelled));
                     return ok();
                   },
                   // Volumes stay: models are long to pull.
                   [](StepContext& context) -> Status {
                     SIXFOLD_TRY_STATUS(run_tool(compose(context, {"down"}), context.say, context.is_cancelled));
                     return ok();
                   }});
  return steps;
}

Result<std::string> look_at_compose(const std::vector<RenderedFile>& files) {
  SIXFOLD_TRY(const std::string project, project_of(files));
  return run_tool({"docker", "compose", "--project-name", project, "ps"});
}

}  // namespace sixfold::deploy
