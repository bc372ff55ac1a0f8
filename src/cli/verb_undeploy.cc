// sixfold undeploy: takes away what deploy made.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/deploy_output.h"
#include "cli/deploy_target.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "core/error.h"

namespace sixfold::cli {
namespace {

struct UndeployFlags : DeployFlags {
  bool is_forced = false;
};

Status take_away(const UndeployFlags& flags) {
  SIXFOLD_TRY(deploy::Deployment deployment, open_deployment(flags));
  SIXFOLD_TRY(const registry::FileLock held, lock(deployment));
  if (deployment.state().current() == nullptr) return not_found("{}: nothing is deployed", flags.target);
  SIXFOLD_TRY_STATUS(confirm(flags, fmt::format("Take away what is deployed to {}?", flags.target)));
  const InterruptFlag interrupts;
  deploy::DeployOptions options = deploy_options();
  options.is_forced = flags.is_forced;
  SIXFOLD_TRY_STATUS(deployment.undeploy(options));
  if (flags.is_json) {
    fmt::print("{}\n", json::serialize(state_json(flags.target, deployment.state())));
  } else {
    fmt::print("{}: taken away\n", flags.target);
  }
  return ok();
}

}  // namespace

VerbAction add_undeploy(CLI::App& program) {
  auto flags = std::make_shared<UndeployFlags>();
  CLI::App* verb = program.add_subcommand("undeploy", "Take away what is deployed");
  verb->add_option("target", flags->target, "The target")->required();
  add_deploy_flags(*verb, *flags);
  add_yes_flag(*verb, *flags);
  verb->add_flag("--force", flags->is_forced,
                 "Leave what cannot be taken back, such as a registry that is gone, and say so");
  verb->footer("Examples:\n  sixfold undeploy kubernetes\n  sixfold undeploy compose --yes");
  return [flags] { return take_away(*flags); };
}

}  // namespace sixfold::cli
