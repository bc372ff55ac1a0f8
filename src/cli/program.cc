// Builds the command line, picks the instruction set, runs the chosen verb.
#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "core/log.h"
#include "core/version.h"
#include "kernels/isa.h"
#include "manifest/nearest_name.h"

namespace sixfold::cli {
namespace {

struct VerbRow {
  std::string_view name;
  AddVerb add;
};

constexpr std::array<VerbRow, 19> kVerbs = {{
    {"run", add_run},
    {"serve", add_serve},
    {"embed", add_embed},
    {"rerank", add_rerank},
    {"bench", add_bench},
    {"eval", add_eval},
    {"tokenize", add_tokenize},
    {"pull", add_pull},
    {"push", add_push},
    {"list", add_list},
    {"show", add_show},
    {"rm", add_rm},
    {"cp", add_cp},
    {"plan", add_plan},
    {"deploy", add_deploy},
    {"status", add_status},
    {"rollback", add_rollback},
    {"undeploy", add_undeploy},
    {"completion", add_completion},
}};

constexpr int kUsageExitCode = 64;  // EX_USAGE

int print_error(const Error& error) {
  std::fprintf(stderr, "sixfold: %s\n", error.message.c_str());
  return error_code_info(error.code).exit_code;
}

// A mistyped verb is answered here: CLI11 would only say that an argument was not expected.
bool suggest_verb(std::string_view typed) {
  if (typed.empty() || typed.front() == '-') return false;
  std::vector<std::string_view> names;
  for (const VerbRow& verb : kVerbs) {
    if (verb.name == typed) return false;
    names.push_back(verb.name);
  }
  const std::string_view near = manifest::nearest_name(typed, names);
  std::fprintf(stderr, "sixfold: unknown command \"%.*s\"", static_cast<int>(typed.size()), typed.data());
  if (!near.empty()) std::fprintf(stderr, "; did you mean \"%.*s\"?", static_cast<int>(near.size()), near.data());
  std::fprintf(stderr, "\nsixfold --help lists the commands\n");
  return true;
}

// A server tells what it does; a command that prints a result only warns.
std::string default_log_level(const CLI::App& program) {
  return program.got_subcommand("serve") ? "info" : "warn";
}

Status prepare(const std::string& log_level, bool is_json_log) {
  SIXFOLD_TRY_STATUS(configure_log(log_level, is_json_log ? LogFormat::kJson : LogFormat::kText));
  const char* isa = std::getenv("SIXFOLD_ISA");  // NOLINT(concurrency-mt-unsafe): before any thread starts
  return kernels::select_isa(isa == nullptr ? "" : isa);
}

}  // namespace

int run_program(int argc, char** argv) {
  if (argc > 1 && suggest_verb(argv[1])) return kUsageExitCode;

  CLI::App program("sixfold runs, serves and measures large language models on CPUs.");
  program.name("sixfold");
  program.set_version_flag("--version", "sixfold " + std::string(version()));
  program.footer(
      "Examples:\n"
      "  sixfold run \"Once upon a time\"        continue a text with the built-in model\n"
      "  sixfold run model.gguf                 chat in the terminal\n"
      "  sixfold serve model.gguf               OpenAI-compatible server on 127.0.0.1:8080\n"
      "  sixfold pull qwen2.5-0.5b              download a model; run and serve do it too\n"
      "  sixfold bench model.gguf --json        measure tokens per second\n"
      "Every command explains itself: sixfold COMMAND --help");
  program.require_subcommand(0, 1);
  std::string log_level;
  bool is_json_log = false;
  program.add_option("--log-level", log_level, "trace, debug, info, warn, error or off; info for serve, else warn")
      ->envname("SIXFOLD_LOG_LEVEL");
  program.add_flag("--log-json", is_json_log, "Log as one JSON object a line")->envname("SIXFOLD_LOG_JSON");

  std::vector<std::pair<std::string_view, VerbAction>> actions;
  for (const VerbRow& verb : kVerbs) {
    actions.emplace_back(verb.name, verb.add(program));
    program.get_subcommand(std::string(verb.name))->fallthrough();
  }

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    std::fprintf(stderr, "sixfold: %s\nsixfold %s--help shows how it is used\n", error.what(),
                 program.get_subcommands().empty() ? "" : (program.get_subcommands()[0]->get_name() + " ").c_str());
    return kUsageExitCode;
  }
  if (program.get_subcommands().empty()) {
    std::fputs(program.help().c_str(), stdout);
    return 0;
  }
  if (log_level.empty()) log_level = default_log_level(program);
  if (const Status prepared = prepare(log_level, is_json_log); !prepared.is_ok()) return print_error(prepared.error());
  for (const auto& [name, action] : actions) {
    if (!program.got_subcommand(std::string(name))) continue;
    const Status status = action();
    return status.is_ok() ? 0 : print_error(status.error());
  }
  return kUsageExitCode;
}

}  // namespace sixfold::cli
