// A Compose file: one machine, one container.  Source: the Compose specification.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include "core/error.h"
#include "core/json.h"
#include "core/text_file.h"
#include "deploy/compose_engine.h"
#include "deploy/kubernetes/names.h"
#include "deploy/process.h"
#include "deploy/serve_arguments.h"
#include "deploy/state.h"
#include "deploy/target_list.h"
#include "manifest/yaml_text.h"
#include "net/http_client.h"
#include "registry/artifact.h"

namespace sixfold::deploy {
namespace {

constexpr std::string_view kFile = "compose.yaml";
constexpr std::uint64_t kPort = 8080;
constexpr std::string_view kService = "server";
constexpr std::string_view kNote = "x-sixfold";  // older programs know no name of a project in the file itself
constexpr std::string_view kModels = "/models";
constexpr std::uint64_t kDrainSeconds = 60;
constexpr int kReadyAttempts = 1500;  // about 40 minutes: a model may have to be pulled
constexpr std::size_t kReadyBytesMax = 1u << 16;

struct ComposeSettings {
  std::string name;
  std::string image;
  std::string address = "127.0.0.1";
  std::uint64_t port = kPort;
  std::string memory;  // as Compose writes it: "4g"
  double cpus = 0;     // 0: all
  bool is_pulled = false;
  std::string model;  // a path in the image; empty: the manifest's source
};

bool is_image(std::string_view text) {
  return kubernetes::is_image(text);
}
// A name would have to be looked up by every engine in its own way.
bool is_address(std::string_view text) {
  in6_addr address{};
  const std::string copy(text);
  return ::inet_pton(AF_INET, copy.c_str(), &address) == 1 || ::inet_pton(AF_INET6, copy.c_str(), &address) == 1;
}
bool is_memory(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && digits < 10 && text.front() != '0' &&
         std::string_view("kmg").find(text[digits]) != std::string_view::npos && digits + 1 == text.size();
}

void read_model(manifest::Section& section, const std::string& source, ComposeSettings& settings) {
  static constexpr std::array<std::string_view, 2> kKinds = {"pull", "image"};
  const bool is_builtin = source == registry::kBuiltinSource;
  std::string from(kKinds[is_builtin ? 1 : 0]), path;
  if (std::optional<manifest::Section> model = section.section("model")) {
    model->choice("from", kKinds, from);
    model->text("path", path);
    const bool is_inside = !path.empty() && path.front() != '/' && path.find("..") == std::string::npos;
    if (model->has("path") && !is_inside) {
      model->refuse("path", fmt::format("want a path below {}, got \"{}\"", kModels, path));
    }
    if (model->has("path") && from == "pull") model->refuse("path", "a model that is pulled has no path");
    if (!model->has("path") && from == "image" && !is_builtin) {
      model->refuse("path", fmt::format("want the model's path below {}, such as model.gguf, got none", kModels));
    }
  }
  settings.is_pulled = from == "pull";
  if (!path.empty()) settings.model = fmt::format("{}/{}", kModels, path);
  if (settings.is_pulled && !is_pullable(source)) {
    section.refuse("model", fmt::format("\"{}\" lies on this machine: give model.source an address that the container "
                                        "can pull from, or put the model into the image (model: {{from: image, path: "
                                        "...}})",
                                        source));
  }
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
  section.checked_text("address", is_address, "an IP address, such as 127.0.0.1", settings.address);
  section.count("port", 1, 65535, settings.port);
  section.checked_text("memory", is_memory, "a size, such as 512m or 4g", settings.memory);
  section.number("cpus", 0.1, 1024, settings.cpus);
  read_model(section, model_source(input.manifest), settings);
  SIXFOLD_TRY_STATUS(section.finish());
  return settings;
}

// A `$` is the beginning of a variable to those who read Compose files, and two are a dollar.
json::value literal(std::string_view text) {
  std::string out;
  for (const char byte : text) out.append(byte == '$' ? 2 : 1, byte);
  return json::value(std::move(out));
}

// What steps need to know of a Compose file.
struct Project {
  std::string name;
  std::string url;  // where the server is reached
};

Result<Project> project_of(std::string_view text) {
  SIXFOLD_TRY(const json::value document, manifest::yaml_value(text, kFile));
  const json::object* root = document.if_object();
  const json::object* services = root == nullptr ? nullptr : object_at(*root, "services");
  const json::object* server = services == nullptr ? nullptr : object_at(*services, kService);
  const json::array* ports = server == nullptr ? nullptr : array_at(*server, "ports");
  if (ports == nullptr || ports->empty() || !ports->front().is_string()) {
    return corrupt_data("{}: want services.{}.ports, got none", kFile, kService);
  }
  const std::string_view port = ports->front().get_string();  // "127.0.0.1:8080:8080"
  const std::size_t inner = port.rfind(':');
  const std::size_t outer = inner == std::string_view::npos ? inner : port.rfind(':', inner - 1);
  if (outer == std::string_view::npos) return corrupt_data("{}: want ADDRESS:PORT:PORT, got \"{}\"", kFile, port);
  std::string_view address = port.substr(0, outer);
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "[::]") address = "[::1]";
  const json::object* note = object_at(*root, kNote);
  return Project{note == nullptr ? std::string() : text_at(*note, "project"),
                 fmt::format("http://{}:{}", address, port.substr(outer + 1, inner - outer - 1))};
}

Result<Project> project_of(const std::vector<RenderedFile>& files) {
  for (const RenderedFile& file : files) {
    if (file.path == kFile) return project_of(file.text);
  }
  return corrupt_data("{}: want it among the files, got none", kFile);
}

std::string label_of(const std::string& project) {
  return "label=com.docker.compose.project=" + project;
}

// Runs `engine` with a Compose file.  The project is named: not all engines read the name in the file.
Status compose(const ComposeEngine& engine, const std::string& project, const std::string& folder,
               std::vector<std::string> arguments, StepContext& context) {
  std::vector<std::string> all = engine.command();
  all.insert(all.end(), {"--project-name", project, "--file", folder + "/" + std::string(kFile)});
  all.insert(all.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  SIXFOLD_TRY_STATUS(run_tool(all, context.say, context.is_cancelled));
  return ok();
}

// Volumes stay: models are long to pull.
Status down(const ComposeEngine& engine, const std::string& project, const std::string& folder, StepContext& context) {
  return compose(engine, project, folder, {"down", "--timeout", std::to_string(kDrainSeconds)}, context);
}

// Those of a project that Podman's engines may leave.
Status remove_networks(const std::string& project) {
  SIXFOLD_TRY(const std::string list, run_tool({"podman", "network", "ls", "--quiet", "--filter", label_of(project)}));
  for (std::string_view rest = list; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) SIXFOLD_TRY_STATUS(run_tool({"podman", "network", "rm", std::string(rest.substr(0, end))}));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return ok();
}

std::vector<std::string> list_containers(const ComposeEngine& engine, const std::string& project,
                                         std::vector<std::string> flags) {
  std::vector<std::string> all = {engine.is_podman() ? "podman" : "docker", "ps", "--filter", label_of(project)};
  all.insert(all.end(), flags.begin(), flags.end());
  return all;
}

Status up(const std::string& project, StepContext& context) {
  SIXFOLD_TRY(const ComposeEngine engine, find_compose_engine(context.work));
  const bool is_noted = has_noted_compose_engine(context.work);
  if (!context.before.empty()) {
    SIXFOLD_TRY(const std::string text, read_text_file(context.before + "/" + std::string(kFile), kRenderedBytesMax));
    SIXFOLD_TRY(const Project old, project_of(text));
    if (old.name != project) SIXFOLD_TRY_STATUS(down(engine, old.name, context.before, context));
  }
  if (engine.is_podman() && is_noted) SIXFOLD_TRY_STATUS(down(engine, project, context.folder, context));
  SIXFOLD_TRY_STATUS(note_compose_engine(context.work, engine));
  SIXFOLD_TRY_STATUS(compose(engine, project, context.folder, {"up", "--detach", "--remove-orphans"}, context));
  if (!engine.is_podman()) return ok();
  SIXFOLD_TRY(const std::string running, run_tool(list_containers(engine, project, {"--quiet"})));
  if (!running.empty()) return ok();
  return unavailable("{}: no container runs; its output above says why", engine.name);
}

// An engine that is told to work elsewhere publishes ports there.
bool is_engine_elsewhere() {
  for (const char* variable : {"DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST"}) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody changes it
    if (value != nullptr && *value != '\0' && !std::string_view(value).starts_with("unix:")) return true;
  }
  return false;
}

Status wait_for(const std::string& url, StepContext& context) {
  if (is_engine_elsewhere()) {
    context.say("the engine works on another machine, so nobody is asked");
    return ok();
  }
  net::HttpClientOptions options;
  options.uses_proxy = false;
  options.is_cancelled = context.is_cancelled;
  options.retry.longest = std::chrono::seconds(2);
  options.retry.attempts_max = kReadyAttempts;
  net::HttpClient client(std::move(options));
  net::ClientRequest request;
  request.url = url + "/readyz";
  SIXFOLD_TRY(const net::TextResponse response, client.fetch(request, kReadyBytesMax));
  return response.head.status == 200 ? ok() : Status(net::status_error(response.head));
}

}  // namespace

Result<std::vector<RenderedFile>> render_compose(const RenderInput& input) {
  SIXFOLD_TRY(const ComposeSettings settings, read(input));
  const bool is_v6 = settings.address.find(':') != std::string::npos;
  const std::string address = is_v6 ? "[" + settings.address + "]" : settings.address;
  json::array arguments;
  for (const std::string& argument : serve_arguments(input.manifest, settings.model, kPort))
    arguments.push_back(literal(argument));
  json::object service = {{"image", settings.image},
                          {"command", std::move(arguments)},
                          {"environment", json::object{{"HOME", "/tmp"},
                                                       {"SIXFOLD_HOME", "/models"},
                                                       {"HF_HOME", "/models/huggingface"},
                                                       {"XDG_CACHE_HOME", "/models/cache"}}},
                          {"ports", json::array{json::value(fmt::format("{}:{}:{}", address, settings.port, kPort))}},
                          {"tmpfs", json::array{json::value("/tmp")}},
                          {"read_only", true},
                          {"cap_drop", json::array{json::value("ALL")}},
                          {"security_opt", json::array{json::value("no-new-privileges:true")}},
                          {"stop_grace_period", fmt::format("{}s", kDrainSeconds)},
                          {"restart", "unless-stopped"}};
  if (!settings.memory.empty()) service["mem_limit"] = settings.memory;
  if (settings.cpus > 0) service["cpus"] = settings.cpus;
  json::object document = {{kNote, {{"project", settings.name}}}};
  // A volume would hide what the image has there.
  if (settings.is_pulled) {
    service["volumes"] = json::array{json::value(fmt::format("models:{}", kModels))};
    document["volumes"].emplace_object()["models"] = json::object();
  }
  document["services"].emplace_object()[kService] = std::move(service);
  return std::vector<RenderedFile>{{std::string(kFile), manifest::yaml_of(document)}};
}

Result<std::vector<Step>> compose_steps(const std::vector<RenderedFile>& files, const std::string& work) {
  SIXFOLD_TRY(const Project project, project_of(files));
  const Result<ComposeEngine> engine = find_compose_engine(work);
  std::vector<Step> steps;
  steps.push_back({"up",
                   engine ? fmt::format("{} starts the project {}", engine->name, project.name)
                          : fmt::format("starts the project {}, but {}", project.name, engine.error().message),
                   [name = project.name](StepContext& context) { return up(name, context); },
                   [name = project.name](StepContext& context) -> Status {
                     const Result<ComposeEngine> used = find_compose_engine(context.work);
                     // Without an engine, nothing was started.
                     if (!used && used.error().code == ErrorCode::kNotFound) return ok();
                     if (!used) return used.error();
                     SIXFOLD_TRY_STATUS(down(*used, name, context.folder, context));
                     if (used->is_podman()) SIXFOLD_TRY_STATUS(remove_networks(name));
                     return forget_compose_engine(context.work);
                   }});
  steps.push_back({"answers", fmt::format("waits until the server at {} is ready", project.url),
                   [url = project.url](StepContext& context) { return wait_for(url, context); },
                   [](StepContext&) { return ok(); }});
  return steps;
}

Result<std::string> look_at_compose(const std::vector<RenderedFile>& files, const std::string& work) {
  SIXFOLD_TRY(const Project project, project_of(files));
  SIXFOLD_TRY(const ComposeEngine engine, find_compose_engine(work));
  return run_tool(list_containers(engine, project.name, {"--all"}));
}

}  // namespace sixfold::deploy
