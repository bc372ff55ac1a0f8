// Each is asked for its version, and Docker for its daemon's: a client alone starts nothing.
#include "deploy/compose_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "core/text_file.h"
#include "deploy/process.h"
#include "registry/folders.h"

namespace sixfold::deploy {
namespace {

constexpr std::array<std::string_view, 4> kEngines = {"docker compose", "docker-compose", "podman compose",
                                                      "podman-compose"};
constexpr std::size_t kNoteBytesMax = 64;
constexpr std::string_view kMissing = "not on PATH";

std::string note_path(const std::string& work) {
  return work + "/engine";
}

std::string_view first_line_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n \t"), text.size()));
  return text.substr(0, text.find_first_of("\r\n"));
}

// Empty when it answers, else what is wrong.
std::string fault_of(const std::vector<std::string>& argv) {
  const Result<ProcessOutput> output = run_process(argv);
  if (!output) return output.error().code == ErrorCode::kNotFound ? std::string(kMissing) : output.error().message;
  if (output->exit_code == 0) return {};
  const std::string_view line = first_line_of(output->out);
  return line.empty() ? fmt::format("exit code {}", output->exit_code) : std::string(line);
}

std::string fault_of(const ComposeEngine& engine) {
  std::vector<std::string> argv = engine.command();
  argv.emplace_back("version");
  std::string fault = fault_of(argv);
  if (!fault.empty() || engine.is_podman()) return fault;
  fault = fault_of({"docker", "version", "--format", "{{.Server.Version}}"});
  // docker-compose does without the client, and then shows what is wrong only when it works.
  return fault == kMissing && engine.name == "docker-compose" ? std::string() : fault;
}

}  // namespace

std::vector<std::string> ComposeEngine::command() const {
  const std::size_t space = name.find(' ');
  if (space == std::string::npos) return {name};
  return {name.substr(0, space), name.substr(space + 1)};
}

Result<ComposeEngine> find_compose_engine(const std::string& work) {
  if (has_noted_compose_engine(work)) {
    SIXFOLD_TRY(const std::string name, read_text_file(note_path(work), kNoteBytesMax));
    if (std::find(kEngines.begin(), kEngines.end(), name) == kEngines.end()) {
      return corrupt_data("{}: want one of {}, got \"{}\"", note_path(work), fmt::join(kEngines, ", "), name);
    }
    ComposeEngine engine{name};
    const std::string fault = fault_of(engine);
    if (fault.empty()) return engine;
    return unavailable("{} has started the project and does not answer now: {}; if nothing of it is left, remove {}",
                       name, fault, note_path(work));
  }
  std::string faults;
  for (const std::string_view name : kEngines) {
    ComposeEngine engine{std::string(name)};
    const std::string fault = fault_of(engine);
    if (fault.empty()) return engine;
    faults += fmt::format("\n  {}: {}", name, fault);
  }
  return not_found("no program that reads Compose files answers:{}", faults);
}

Status note_compose_engine(const std::string& work, const ComposeEngine& engine) {
  SIXFOLD_TRY_STATUS(registry::make_folders(work));
  return registry::write_text_file(note_path(work), engine.name);
}

bool has_noted_compose_engine(const std::string& work) {
  std::error_code error;
  return std::filesystem::exists(note_path(work), error);
}

Status forget_compose_engine(const std::string& work) {
  std::error_code error;
  std::filesystem::remove(note_path(work), error);
  if (error) return internal_error("{}: cannot be removed: {}", note_path(work), error.message());
  return ok();
}

}  // namespace sixfold::deploy
