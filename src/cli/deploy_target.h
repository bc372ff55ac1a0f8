// The manifest, its targets and what is deployed of them, for the verbs that deploy.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "deploy/deployment.h"
#include "registry/file_lock.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

struct DeployFlags {
  std::string target;  // empty: all of the manifest
  std::string manifest = "sixfold.yaml";
  std::string state;     // a folder; empty: .sixfold beside the manifest
  bool is_sure = false;  // do not ask
  bool is_json = false;
};

// --file, --state and --json.
void add_deploy_flags(CLI::App& verb, DeployFlags& flags);
void add_yes_flag(CLI::App& verb, DeployFlags& flags);

// One target of the manifest, rendered.
struct OpenTarget {
  const deploy::TargetRow* row = nullptr;
  std::vector<deploy::RenderedFile> files;
  deploy::Deployment deployment;
};

// Those that the flags name, in the manifest's order.  Errors: those of the manifest; not_found when the target is not
// in it, with those that are.
Result<std::vector<OpenTarget>> open_targets(const DeployFlags& flags);

// The same for one target that need not be in the manifest any more, without rendering it.
Result<deploy::Deployment> open_deployment(const DeployFlags& flags);
Result<std::vector<std::pair<std::string, deploy::Deployment>>> open_deployments(const DeployFlags& flags);

// Held while something changes.  Errors: unavailable when another process deploys.
Result<registry::FileLock> lock(const deploy::Deployment& deployment);

// Asks on the terminal; without one, or when the answer is no, an error says so.
Status confirm(const DeployFlags& flags, const std::string& question);

// Prints lines on stderr, and stops at Ctrl-C: needs an InterruptFlag that lives.
deploy::DeployOptions deploy_options();

}  // namespace sixfold::cli
