// sixfold rollback: the files of an earlier revision, applied again.
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

struct RollbackFlags {
  DeployFlags deploy;
  std::uint64_t revision = 0;
};

Status roll_back(const RollbackFlags& flags) {
  SIXFOLD_TRY(deploy::Deployment deployment, open_deployment(flags.deploy));
  SIXFOLD_TRY(const registry::FileLock held, lock(deployment));
  const deploy::DeployState& state = deployment.state();
  const deploy::Revision* to = flags.revision == 0 ? state.previous() : state.find(flags.revision);
  if (to == nullptr)
    return not_found("{}: there is no such revision to go back to; sixfold status lists them", flags.deploy.target);
  SIXFOLD_TRY_STATUS(
      confirm(flags.deploy, fmt::format("Take {} back to revision {}?", flags.deploy.target, to->number)));
  const InterruptFlag interrupts;
  SIXFOLD_TRY_STATUS(deployment.roll_back(to->number, deploy_options()));
  if (flags.deploy.is_json) {
    fmt::print("{}\n", json::serialize(state_json(flags.deploy.target, state)));
  } else {
    fmt::print("{}: revision {} has the files of revision {}\n", flags.deploy.target, state.current()->number,
               state.current()->rolled_back_to);
  }
  return ok();
}

}  // namespace

VerbAction add_rollback(CLI::App& program) {
  auto flags = std::make_shared<RollbackFlags>();
  CLI::App* verb = program.add_subcommand("rollback", "Go back to an earlier revision");
  verb->add_option("target", flags->deploy.target, "The target")->required();
  verb->add_option("revision", flags->revision, "As in sixfold status; the last complete one when left out");
  add_deploy_flags(*verb, flags->deploy);
  add_yes_flag(*verb, flags->deploy);
  verb->footer("Examples:\n  sixfold rollback kubernetes\n  sixfold rollback compose 3 --yes");
  return [flags] { return roll_back(*flags); };
}

}  // namespace sixfold::cli
