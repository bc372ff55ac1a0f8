// sixfold rm: forget models, and free what no other name uses.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

Status remove(const std::vector<std::string>& names) {
  SIXFOLD_TRY(const registry::Store store, registry::Store::open(registry::process_environment));
  for (const std::string& name : names) {
    const auto record = store.find_name(name);
    SIXFOLD_TRY(const registry::Store::Removed removed, store.remove_name(name));
    if (record && !record->is_ours) {
      fmt::print("{}: forgotten; its files stay in {}, where other programs use them too\n", name, record->folder);
    } else if (removed.is_postponed) {
      fmt::print("{}: forgotten; a pull is running, so its room is freed with the next rm\n", name);
    } else {
      fmt::print("{}: removed, {} freed\n", name, human_bytes(removed.bytes));
    }
  }
  return ok();
}

}  // namespace

VerbAction add_rm(CLI::App& program) {
  auto names = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = program.add_subcommand("rm", "Remove models from this machine");
  verb->add_option("names", *names, "As in sixfold list")->required();
  verb->footer("Example:\n  sixfold rm qwen2.5-0.5b");
  return [names] { return remove(*names); };
}

}  // namespace sixfold::cli
