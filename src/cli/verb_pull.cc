// sixfold pull: bring a model to this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/fetch.h"
#include "cli/record_output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

struct PullFlags {
  std::string source;
  std::string name;
  bool is_json = false;
  FetchFlags fetch;
};

Status pull(const PullFlags& flags) {
  SIXFOLD_TRY(registry::Store store, registry::Store::open(registry::process_environment));
  registry::Record record;
  SIXFOLD_TRY_STATUS(with_progress(flags.fetch, [&](const registry::PullOptions& options) -> Status {
    SIXFOLD_TRY(record, registry::pull(store, flags.source, flags.name, options));
    return ok();
  }));
  record.folder = store.folder_of(record);
  if (flags.is_json) {
    fmt::print("{}\n", record_json(record));
  } else {
    fmt::print("{}: {} in {}\n", record.name, human_bytes(record.bytes()), registry::main_path(record));
  }
  return ok();
}

}  // namespace

VerbAction add_pull(CLI::App& program) {
  auto flags = std::make_shared<PullFlags>();
  CLI::App* verb = program.add_subcommand("pull", "Download a model");
  verb->add_option("source", flags->source, "Where from, or a name of the catalogue")->required();
  verb->add_option("--name", flags->name, "What to call it; the source when left out");
  verb->add_option("--connections", flags->fetch.connections, "Parts of a file to download at once")
      ->envname("SIXFOLD_CONNECTIONS")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  verb->add_flag("--json", flags->is_json, "Print what was pulled as JSON");
  add_offline_flag(*verb, flags->fetch);
  verb->footer(
      "Examples:\n"
      "  sixfold pull qwen2.5-0.5b                       a name from sixfold list --catalog\n"
      "  sixfold pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M\n"
      "  sixfold pull hf:openai-community/gpt2@main --name gpt2\n"
      "  sixfold pull s3:bucket/models/tiny/\n"
      "  sixfold pull https://host/model.gguf#sha256=...\n"
      "An interrupted download goes on when the same command is given again.");
  return [flags] { return pull(*flags); };
}

}  // namespace sixfold::cli
