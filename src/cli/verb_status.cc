// sixfold status: what is deployed, and what the targets say of it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "cli/deploy_output.h"
#include "cli/deploy_target.h"
#include "cli/verb.h"

namespace sixfold::cli {
namespace {

Status show(const DeployFlags& flags) {
  SIXFOLD_TRY(const auto deployments, open_deployments(flags));
  json::array list;
  for (const auto& [name, deployment] : deployments) {
    const Result<std::string> seen = deployment.look();
    if (flags.is_json) {
      json::object row = state_json(name, deployment.state());
      if (seen.is_ok()) {
        row["says"] = *seen;
      } else {
        row["error"] = seen.error().message;
      }
      list.push_back(std::move(row));
      continue;
    }
    fmt::print("{}", state_text(name, deployment.state()));
    if (seen.is_ok() && !seen->empty()) fmt::print("{}{}", *seen, seen->ends_with('\n') ? "" : "\n");
    if (!seen.is_ok()) fmt::print("  cannot be asked: {}\n", seen.error().message);
  }
  if (flags.is_json) fmt::print("{}\n", json::serialize(list));
  if (!flags.is_json && deployments.empty()) fmt::print("nothing is deployed, and the manifest has no targets\n");
  return ok();
}

}  // namespace

VerbAction add_status(CLI::App& program) {
  auto flags = std::make_shared<DeployFlags>();
  CLI::App* verb = program.add_subcommand("status", "Show what is deployed");
  verb->add_option("target", flags->target, "One target; all when left out");
  add_deploy_flags(*verb, *flags);
  verb->footer("Examples:\n  sixfold status\n  sixfold status kubernetes --json");
  return [flags] { return show(*flags); };
}

}  // namespace sixfold::cli
