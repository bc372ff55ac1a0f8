// sixfold push: take a model of this machine elsewhere.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/fetch.h"
#include "cli/record_output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "registry/push/push.h"

namespace sixfold::cli {
namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

struct PushFlags {
  std::string model, target;
  std::uint64_t part_mib = 16;
  bool is_json = false;
  FetchFlags fetch;
};

Status push(const PushFlags& flags) {
  registry::Pushed pushed;
  SIXFOLD_TRY_STATUS(with_progress(flags.fetch, [&](const registry::PullOptions& options) -> Status {
    SIXFOLD_TRY(pushed, registry::push(flags.model, flags.target, {options, flags.part_mib * kMib}));
    return ok();
  }));
  if (flags.is_json) {
    fmt::print("{}\n", pushed_json(pushed));
    return ok();
  }
  fmt::print("{}: {} sent{}{}\n", pushed.source, human_bytes(pushed.sent_bytes), pushed.revision.empty() ? "" : ", ",
             pushed.revision);
  return ok();
}

}  // namespace

VerbAction add_push(CLI::App& program) {
  auto flags = std::make_shared<PushFlags>();
  CLI::App* verb = program.add_subcommand("push", "Send a model to a registry or a bucket");
  verb->add_option("model", flags->model, "A path, a name as in sixfold list, or a source")->required();
  verb->add_option("target", flags->target, "oci:[HOST/]NAME[:TAG], s3:BUCKET/FOLDER/ or s3:BUCKET/FILE")->required();
  verb->add_option("--part-mib", flags->part_mib, "A larger file is sent in parts of so many MiB")
      ->check(CLI::Range(5, 5120))
      ->capture_default_str();
  verb->add_flag("--json", flags->is_json, "Print what was pushed as JSON");
  add_offline_flag(*verb, flags->fetch);
  verb->footer(
      "Examples:\n"
      "  sixfold push small.gguf oci:ghcr.io/me/small:v1\n"
      "  sixfold push qwen2.5-0.5b s3:bucket/models/qwen/\n"
      "What is there already is not sent again. Nobody sees a model before all of it is there.");
  return [flags] { return push(*flags); };
}

}  // namespace sixfold::cli
