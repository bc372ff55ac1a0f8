// sixfold deploy: makes a target what the manifest says.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/deploy_output.h"
#include "cli/deploy_target.h"
#include "cli/interrupt.h"
#include "cli/verb.h"

namespace sixfold::cli {
namespace {

struct Flags {
  DeployFlags deploy;
  bool always = false;
  bool is_trial = false;  // the plan only
};

// Takes no lock: a trial may run beside a deployment.
Status show_plan(const DeployFlags& flags, const OpenTarget& target) {
  SIXFOLD_TRY(const deploy::Plan plan, target.deployment.plan(target.files));
  fmt::print("{}", flags.is_json ? json::serialize(plan_json(target.row->name, plan)) + "\n"
                                 : plan_text(target.row->name, plan));
  return ok();
}

Status run_deploy(const Flags& flags) {
  SIXFOLD_TRY(std::vector<OpenTarget> targets, open_targets(flags.deploy));
  OpenTarget& target = targets.front();
  if (flags.is_trial) return show_plan(flags.deploy, target);
  SIXFOLD_TRY(const registry::FileLock held, lock(target.deployment));
  SIXFOLD_TRY(const deploy::Plan plan, target.deployment.plan(target.files));
  fmt::print(stderr, "{}", plan_text(target.row->name, plan));
  const bool does_nothing = plan.action == deploy::Plan::Action::kNothing && !flags.always;
  if (!does_nothing) {
    SIXFOLD_TRY_STATUS(confirm(flags.deploy, fmt::format("Deploy to {}?", target.row->name)));
    const InterruptFlag interrupts;
    deploy::DeployOptions options = deploy_options();
    options.always = flags.always;
    SIXFOLD_TRY_STATUS(target.deployment.deploy(plan, options));
  }
  const deploy::DeployState& state = target.deployment.state();
  if (flags.deploy.is_json) {
    fmt::print("{}\n", json::serialize(state_json(target.row->name, state)));
  } else {
    fmt::print("{}: revision {} is {}\n", target.row->name, state.current()->number,
               does_nothing ? "what the manifest says" : "deployed");
  }
  return ok();
}

}  // namespace

VerbAction add_deploy(CLI::App& program) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = program.add_subcommand("deploy", "Make a target what the manifest says");
  verb->add_option("target", flags->deploy.target, "container, kubernetes, helm or compose")->required();
  add_deploy_flags(*verb, flags->deploy);
  add_yes_flag(*verb, flags->deploy);
  verb->add_flag("--dry-run", flags->is_trial, "Show the plan and stop there, as `sixfold plan` does");
  verb->add_flag("--always", flags->always, "Do all steps although nothing has changed");
  verb->footer(
      "Examples:\n"
      "  sixfold deploy kubernetes\n"
      "  sixfold deploy compose --yes --file bot.yaml\n"
      "The plan is shown first. Deploying twice changes nothing; after an interruption or a failed step, the same\n"
      "command goes on. sixfold rollback goes back, sixfold undeploy takes all of it away.");
  return [flags] { return run_deploy(*flags); };
}

}  // namespace sixfold::cli
