// Where things lie: the state of one target in .sixfold/NAME/TARGET beside the manifest.
#include "cli/deploy_target.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <utility>

#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "deploy/content_hash.h"
#include "deploy/kubernetes/names.h"
#include "deploy/target_list.h"
#include "manifest/manifest.h"
#include "registry/folders.h"

namespace sixfold::cli {
namespace {

namespace fs = std::filesystem;

Result<manifest::Manifest> read(const DeployFlags& flags) {
  auto read = manifest::read_manifest(flags.manifest);
  if (!read && read.error().code == ErrorCode::kNotFound) {
    return not_found("{}: there is no such file; docs/deploy.md has one to begin with", flags.manifest);
  }
  return read;
}

// Of all targets of a manifest.
fs::path state_folder(const DeployFlags& flags, const manifest::Manifest& manifest) {
  const fs::path beside = fs::path(flags.manifest).parent_path() / ".sixfold";
  const std::string name = deploy::kubernetes::dns_label_of(manifest.name.value_or(""));
  return (flags.state.empty() ? beside : fs::path(flags.state)) / (name.empty() ? "unnamed" : name);
}

Result<deploy::Deployment> open_state(const deploy::TargetRow& row, const DeployFlags& flags,
                                      const manifest::Manifest& manifest) {
  return deploy::Deployment::open(row, (state_folder(flags, manifest) / row.name).string(),
                                  fs::path(flags.manifest).parent_path().string());
}

std::string names_of(const manifest::Manifest& manifest) {
  std::string names;
  for (const auto& [name, text] : manifest.targets) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "none" : names;
}

}  // namespace

void add_deploy_flags(CLI::App& verb, DeployFlags& flags) {
  verb.add_option("-f,--file", flags.manifest, "The manifest")->envname("SIXFOLD_CONFIG")->capture_default_str();
  verb.add_option("--state", flags.state,
                  "Where to remember what is deployed; .sixfold beside the manifest if not said");
  verb.add_flag("--json", flags.is_json, "Print the result as JSON");
}

void add_yes_flag(CLI::App& verb, DeployFlags& flags) {
  verb.add_flag("-y,--yes", flags.is_sure, "Do it without asking");
}

Result<std::vector<OpenTarget>> open_targets(const DeployFlags& flags) {
  SIXFOLD_TRY(const manifest::Manifest manifest, read(flags));
  std::vector<OpenTarget> open;
  for (const auto& [name, text] : manifest.targets) {
    if (!flags.target.empty() && name != flags.target) continue;
    SIXFOLD_TRY(const deploy::TargetRow* row, deploy::find_target(name));
    SIXFOLD_TRY(deploy::Deployment deployment, open_state(*row, flags, manifest));
    deploy::ContentHashes hashes(deployment.state().work_folder() + "/hashes.json",
                                 {deploy_options().say, InterruptFlag::is_set});
    const auto sha256_of = [&](const std::string& path) {
      return hashes.of_content(path.empty() ? deploy::kOwnProgram : path);
    };
    SIXFOLD_TRY(std::vector<deploy::RenderedFile> files, row->render({manifest, text, flags.manifest, sha256_of}));
    open.push_back({row, std::move(files), std::move(deployment)});
  }
  if (!open.empty()) return open;
  if (flags.target.empty()) {
    return invalid_argument("{}: no targets; want a section \"targets\" with at least one, see docs/deploy.md",
                            flags.manifest);
  }
  SIXFOLD_TRY_STATUS(deploy::find_target(flags.target));
  return not_found("{}: no section targets.{}; the manifest has {}", flags.manifest, flags.target, names_of(manifest));
}

Result<deploy::Deployment> open_deployment(const DeployFlags& flags) {
  SIXFOLD_TRY(const manifest::Manifest manifest, read(flags));
  SIXFOLD_TRY(const deploy::TargetRow* row, deploy::find_target(flags.target));
  return open_state(*row, flags, manifest);
}

Result<std::vector<std::pair<std::string, deploy::Deployment>>> open_deployments(const DeployFlags& flags) {
  SIXFOLD_TRY(const manifest::Manifest manifest, read(flags));
  std::vector<std::pair<std::string, deploy::Deployment>> list;
  if (!flags.target.empty()) SIXFOLD_TRY_STATUS(deploy::find_target(flags.target));
  for (const deploy::TargetRow& row : deploy::target_rows()) {
    if (!flags.target.empty() && row.name != flags.target) continue;
    SIXFOLD_TRY(deploy::Deployment deployment, open_state(row, flags, manifest));
    if (deployment.state().revisions().empty() && manifest.target(row.name) == nullptr) continue;
    list.emplace_back(row.name, std::move(deployment));
  }
  return list;
}

Result<registry::FileLock> lock(const deploy::Deployment& deployment) {
  const std::string path = deployment.state().lock_path();
  SIXFOLD_TRY_STATUS(registry::make_parent_folders(path));
  SIXFOLD_TRY(auto held, registry::FileLock::try_acquire(path, registry::LockKind::kExclusive));
  if (!held) return unavailable("{}: another sixfold is deploying this target; wait for it to end", path);
  return *std::move(held);
}

Status confirm(const DeployFlags& flags, const std::string& question) {
  if (flags.is_sure) return ok();
  if (!stdin_is_terminal()) return invalid_argument("nobody is there to ask: {} Say --yes to go on", question);
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return ok();
  return unavailable("nothing was changed");
}

deploy::DeployOptions deploy_options() {
  return {.say = [](std::string_view line) { fmt::print(stderr, "  {}\n", line); },
          .is_cancelled = [] { return InterruptFlag::is_set(); }};
}

}  // namespace sixfold::cli
