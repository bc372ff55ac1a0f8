// sixfold rm: forget models, and free what no other name uses.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/error.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

struct RmFlags {
  std::vector<std::string> names;
  bool removes_partials = false;
};

void remove_partials(const registry::Store& store) {
  const auto removed = store.remove_partials(std::numeric_limits<std::int64_t>::max());
  if (removed.is_postponed) {
    fmt::print("partial downloads: a pull is running, nothing was removed\n");
  } else {
    fmt::print("partial downloads: {} freed\n", human_bytes(removed.bytes));
  }
}

Status remove(const RmFlags& flags) {
  if (flags.names.empty() && !flags.removes_partials) return invalid_argument("rm: want names of models, or --partial");
  SIXFOLD_TRY(const registry::Store store, registry::Store::open(registry::process_environment));
  for (const std::string& name : flags.names) {
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
  if (flags.removes_partials) remove_partials(store);
  return ok();
}

}  // namespace

VerbAction add_rm(CLI::App& program) {
  auto flags = std::make_shared<RmFlags>();
  CLI::App* verb = program.add_subcommand("rm", "Remove models from this machine");
  verb->add_option("names", flags->names, "As in sixfold list");
  verb->add_flag("--partial", flags->removes_partials, "Remove what is left of interrupted downloads");
  verb->footer("Examples:\n  sixfold rm qwen2.5-0.5b\n  sixfold rm --partial");
  return [flags] { return remove(*flags); };
}

}  // namespace sixfold::cli
