// sixfold bench: tokens per second of prefill and decode, and the machine they were measured on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/model_options.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/version.h"
#include "kernels/isa.h"
#include "optimize/speed.h"

namespace sixfold::cli {
namespace {

struct BenchFlags {
  ModelOptions model;
  optimize::SpeedOptions speed;
  bool is_json = false;
};

boost::json::object to_json(const optimize::Spread& spread) {
  return {{"median", spread.median}, {"min", spread.smallest}, {"max", spread.largest}};
}

void print_json(const BenchFlags& flags, const LoadedModel& loaded, const optimize::SpeedReport& report) {
  const model::ModelDescription& model = loaded.model->description();
  const boost::json::object document = {
      {"prefill_tokens_per_s", report.prefill_tokens_per_s.median},
      {"decode_tokens_per_s", report.decode_tokens_per_s.median},
      {"prefill_spread", to_json(report.prefill_tokens_per_s)},
      {"decode_spread", to_json(report.decode_tokens_per_s)},
      {"prompt", flags.speed.prompt},
      {"generate", flags.speed.generate},
      {"batch", flags.speed.batch},
      {"repeat", flags.speed.repeat},
      {"threads", loaded.pool->size()},
      {"kv_dtype", flags.model.kv_dtype},
      {"load_seconds", loaded.load_seconds},
      {"model",
       {{"name", model.name},
        {"architecture", model.architecture},
        {"weights", model.weights},
        {"parameters", model.parameters},
        {"weight_bytes", model.weight_bytes}}},
      {"machine", {{"cpu", kernels::cpu_description()}, {"isa", kernels::active_isa()}}},
      {"sixfold", version()},
  };
  fmt::print("{}\n", boost::json::serialize(document));
}

void print_row(const char* what, const optimize::Spread& spread) {
  fmt::print("  {:<26}{:>10.1f}   ({:.1f} to {:.1f})\n", what, spread.median, spread.smallest, spread.largest);
}

void print_table(const BenchFlags& flags, const LoadedModel& loaded, const optimize::SpeedReport& report) {
  const model::ModelDescription& model = loaded.model->description();
  fmt::print("{}: {}, {} parameters, {}, {} of weights\n", model.name, model.architecture,
             human_count(model.parameters), model.weights, human_bytes(model.weight_bytes));
  fmt::print("{}; kernels {}; {} threads; loaded in {:.2f} s\n\n", kernels::cpu_description(), kernels::active_isa(),
             loaded.pool->size(), loaded.load_seconds);
  fmt::print("  tokens per second{:>19}   (min to max of {})\n", "median", flags.speed.repeat);
  print_row(fmt::format("prefill, {} tokens", flags.speed.prompt).c_str(), report.prefill_tokens_per_s);
  print_row(fmt::format("decode, {} x {} tokens", flags.speed.batch, flags.speed.generate).c_str(),
            report.decode_tokens_per_s);
}

Status bench(const BenchFlags& flags) {
  SIXFOLD_TRY(LoadedModel loaded, load_model(flags.model));
  optimize::SpeedOptions speed = flags.speed;
  SIXFOLD_TRY(speed.kv_dtype, parse_kv_dtype(flags.model.kv_dtype));
  // Lengths nobody asked for adapt to a small context.
  const std::size_t context = loaded.model->description().context_max;
  if (flags.speed.prompt == optimize::SpeedOptions{}.prompt && speed.prompt + speed.generate > context &&
      speed.generate < context) {
    speed.prompt = context - speed.generate;
  }
  BenchFlags used = flags;
  used.speed = speed;
  optimize::SpeedReport report;
  {
    ProgressLine progress("measuring");
    SIXFOLD_TRY(report,
                optimize::measure_speed(*loaded.model, speed, system_clock(),
                                        [&](std::size_t done, std::size_t total) { progress.update(done, total); }));
  }
  if (used.is_json) {
    print_json(used, loaded, report);
  } else {
    print_table(used, loaded, report);
  }
  return ok();
}

}  // namespace

VerbAction add_bench(CLI::App& program) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* verb = program.add_subcommand("bench", "Measure prefill and decode speed");
  verb->add_option("model", flags->model.source, "Model file; the built-in model when left out");
  add_model_flags(*verb, flags->model);
  verb->add_option("-p,--prompt", flags->speed.prompt, "Prompt tokens")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  verb->add_option("-n,--generate", flags->speed.generate, "Tokens decoded after it")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  verb->add_option("-b,--batch", flags->speed.batch, "Sequences decoded side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 512));
  verb->add_option("-r,--repeat", flags->speed.repeat, "Counted runs")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_flag("--json", flags->is_json, "One JSON object, for machines");
  verb->footer("Examples:\n  sixfold bench\n  sixfold bench model.gguf --threads 2 --prompt 512 --generate 64 --json");
  return [flags] { return bench(*flags); };
}

}  // namespace sixfold::cli
