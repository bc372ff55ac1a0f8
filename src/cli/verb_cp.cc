// sixfold cp: another name for a model.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/verb.h"
#include "core/error.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

struct CopyFlags {
  std::string from, to;
};

Status copy(const CopyFlags& flags) {
  SIXFOLD_TRY(const registry::Store store, registry::Store::open(registry::process_environment));
  SIXFOLD_TRY(const registry::FileLock lock, store.lock_for_adding({}));
  auto record = store.find_name(flags.from);
  if (!record) return not_found("no model is called \"{}\"; sixfold list shows what there is", flags.from);
  record->name = flags.to;
  return store.add_name(*record);
}

}  // namespace

VerbAction add_cp(CLI::App& program) {
  auto flags = std::make_shared<CopyFlags>();
  CLI::App* verb = program.add_subcommand("cp", "Give a model another name");
  verb->add_option("from", flags->from, "As in sixfold list")->required();
  verb->add_option("to", flags->to, "The new name; takes no room")->required();
  verb->footer("Example:\n  sixfold cp hf:Qwen/Qwen3-0.6B-GGUF:Q8_0 small");
  return [flags] { return copy(*flags); };
}

}  // namespace sixfold::cli
