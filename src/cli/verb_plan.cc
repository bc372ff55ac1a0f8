// sixfold plan: the files and steps of a deployment, before anything happens.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <string>

#include "cli/deploy_output.h"
#include "cli/deploy_target.h"
#include "cli/verb.h"

namespace sixfold::cli {
namespace {

struct PlanFlags {
  DeployFlags deploy;
  std::string folder;
  bool shows_files = false;
};

Status plan(const PlanFlags& flags) {
  SIXFOLD_TRY(const std::vector<OpenTarget> targets, open_targets(flags.deploy));
  json::array list;
  for (const OpenTarget& target : targets) {
    SIXFOLD_TRY(const deploy::Plan plan, target.deployment.plan(target.files));
    if (!flags.folder.empty()) {
      SIXFOLD_TRY_STATUS(deploy::write_files(flags.folder + "/" + std::string(target.row->name), plan.files));
    }
    if (flags.deploy.is_json) {
      list.push_back(plan_json(target.row->name, plan));
      continue;
    }
    fmt::print("{}", plan_text(target.row->name, plan));
    if (!flags.folder.empty()) fmt::print("  written to {}/{}/\n", flags.folder, target.row->name);
    if (!flags.shows_files) continue;
    for (const deploy::RenderedFile& file : plan.files) fmt::print("\n# {}\n{}", file.path, file.text);
  }
  if (flags.deploy.is_json) fmt::print("{}\n", json::serialize(list));
  return ok();
}

}  // namespace

VerbAction add_plan(CLI::App& program) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* verb = program.add_subcommand("plan", "Show what a deployment would make and do");
  verb->add_option("target", flags->deploy.target,
                   "container, kubernetes, helm or compose; all of the manifest when left out");
  add_deploy_flags(*verb, flags->deploy);
  verb->add_option("-o,--out", flags->folder, "Write the files to a folder of each target below this one");
  verb->add_flag("--show", flags->shows_files, "Print the files");
  verb->footer(
      "Examples:\n"
      "  sixfold plan                              all targets of sixfold.yaml\n"
      "  sixfold plan kubernetes --show\n"
      "  sixfold plan helm --out charts            files for others to review or apply\n"
      "Nothing is deployed, and nobody is asked.");
  return [flags] { return plan(*flags); };
}

}  // namespace sixfold::cli
