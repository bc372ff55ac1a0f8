// sixfold bench: tokens per second of prefill and decode beside what the machine allows, and the machine's limits
// alone.
#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "cli/encoder_model.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/version.h"
#include "kernels/isa.h"
#include "kernels/limit_probe.h"
#include "optimize/encoder_speed.h"
#include "optimize/limits.h"
#include "optimize/speed.h"

namespace sixfold::cli {
namespace {

namespace json = boost::json;

struct BenchFlags {
  ModelOptions model;
  optimize::SpeedOptions speed;
  std::size_t read_mib = 0;  // to read from memory; 0: as much as needed
  bool is_limits_only = false;
  bool is_json = false;
};

// The mean number of runnable processes in the last minute; what else ran here.
double load_average() {
  double minute = 0;
  return ::getloadavg(&minute, 1) == 1 ? minute : -1;
}

json::object machine_json() {
  return {{"cpu", kernels::cpu_description()}, {"isa", kernels::active_isa()}};
}

json::object to_json(const optimize::Spread& spread) {
  return {{"median", spread.median}, {"min", spread.smallest}, {"max", spread.largest}};
}

template <class T>
json::value to_json(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, double>) {
    return *value;
  } else {
    return to_json(*value);
  }
}

std::string giga(std::optional<double> per_s) {
  return per_s ? fmt::format("{:.1f}", *per_s / 1e9) : "n/a";
}

std::string giga(const std::optional<optimize::Spread>& per_s) {
  return per_s ? giga(per_s->median) : "n/a";
}

std::size_t read_bytes(const BenchFlags& flags) {
  return flags.read_mib == 0 ? kernels::memory_probe_bytes() : flags.read_mib << 20;
}

// ---- The machine alone ----

Status bench_limits(const BenchFlags& flags) {
  const std::size_t threads = flags.model.threads == 0 ? kernels::default_thread_count() : flags.model.threads;
  std::vector<optimize::ThreadLimits> survey;
  const double load_before = load_average();
  {
    ProgressLine progress("measuring");
    SIXFOLD_TRY(survey,
                optimize::survey_limits(
                    {.threads = threads, .repeat = flags.speed.repeat, .memory_bytes = read_bytes(flags)},
                    system_clock(), [&](std::size_t done, std::size_t total) { progress.update(done, total); }));
  }
  if (flags.is_json) {
    json::array rows;
    for (const optimize::ThreadLimits& limits : survey) {
      rows.push_back({{"threads", limits.threads},
                      {"memory_bytes_per_s", to_json(limits.memory_bytes_per_s)},
                      {"l2_bytes_per_s", to_json(limits.second_level_bytes_per_s)},
                      {"l3_bytes_per_s", to_json(limits.third_level_bytes_per_s)},
                      {"int8_operations_per_s", to_json(limits.int8_operations_per_s)},
                      {"int16_operations_per_s", to_json(limits.int16_operations_per_s)},
                      {"bf16_operations_per_s", to_json(limits.bf16_operations_per_s)},
                      {"f32_operations_per_s", to_json(limits.f32_operations_per_s)}});
    }
    fmt::print("{}\n", json::serialize(json::object{{"limits", rows},
                                                    {"repeat", flags.speed.repeat},
                                                    {"load_average", {load_before, load_average()}},
                                                    {"machine", machine_json()},
                                                    {"sixfold", version()}}));
    return ok();
  }
  fmt::print("{}; kernels {}; load average {:.2f}\n\n", kernels::cpu_description(), kernels::active_isa(), load_before);
  fmt::print("{:>9}{:>14}{:>10}{:>10}{:>14}{:>10}{:>10}{:>10}\n", "threads", "memory GB/s", "L3 GB/s", "L2 GB/s",
             "int8 GOPS", "int16", "bf16", "f32");
  for (const optimize::ThreadLimits& limits : survey) {
    fmt::print(
        "{:>9}{:>14}{:>10}{:>10}{:>14}{:>10}{:>10}{:>10}\n", limits.threads, giga(limits.memory_bytes_per_s.median),
        giga(limits.third_level_bytes_per_s), giga(limits.second_level_bytes_per_s), giga(limits.int8_operations_per_s),
        giga(limits.int16_operations_per_s), giga(limits.bf16_operations_per_s), giga(limits.f32_operations_per_s));
  }
  fmt::print("\nMedians of {}.  Memory: highest {} GB/s.  A product and a sum are two operations.\n",
             flags.speed.repeat, giga(std::max_element(survey.begin(), survey.end(), [](const auto& a, const auto& b) {
                                        return a.memory_bytes_per_s.largest < b.memory_bytes_per_s.largest;
                                      })->memory_bytes_per_s.largest));
  return ok();
}

// ---- A model ----

std::string_view name_of(optimize::SpeedKind kind) {
  switch (kind) {
    case optimize::SpeedKind::kPrefill:
      return "prefill";
    case optimize::SpeedKind::kDecode:
      return "decode";
    case optimize::SpeedKind::kEncode:
      return "encode";
  }
  return "";
}

std::string_view name_of(optimize::SpeedLimit limit) {
  switch (limit) {
    case optimize::SpeedLimit::kOperations:
      return "operations";
    case optimize::SpeedLimit::kBytes:
      return "bytes";
    default:
      return "bytes + operations";
  }
}

json::object to_json(const optimize::SpeedRow& row) {
  const optimize::Work& work = row.work;
  return {{"kind", name_of(row.kind)},
          {"sequences", row.sequences},
          {"tokens", row.tokens},
          {"depth", row.depth},
          {"tokens_per_s", row.tokens_per_s.median},
          {"spread", to_json(row.tokens_per_s)},
          {"limit", name_of(row.limit)},
          {"limit_tokens_per_s", to_json(row.limit_tokens_per_s)},
          {"share", to_json(row.share)},
          {"work",
           {{"bytes", work.bytes},
            {"int8_operations", work.int8_operations},
            {"int16_operations", work.int16_operations},
            {"bf16_operations", work.bf16_operations},
            {"f32_operations", work.f32_operations}}}};
}

// Median speed of the first row of a kind; null if there is none.
json::value first_speed(const optimize::SpeedReport& report, optimize::SpeedKind kind) {
  for (const optimize::SpeedRow& row : report.rows) {
    if (row.kind == kind) return row.tokens_per_s.median;
  }
  return nullptr;
}

// What was measured, whatever kind of model it is.
struct Measured {
  const model::ModelDescription& model;
  std::size_t threads = 0;
  double load_seconds = 0;
  double load_before = 0;  // load average
};

void print_json(const BenchFlags& flags, const Measured& measured, const optimize::SpeedReport& report) {
  const model::ModelDescription& model = measured.model;
  json::array rows;
  for (const optimize::SpeedRow& row : report.rows) rows.push_back(to_json(row));
  const json::object document = {
      {"prefill_tokens_per_s", first_speed(report, optimize::SpeedKind::kPrefill)},
      {"decode_tokens_per_s", first_speed(report, optimize::SpeedKind::kDecode)},
      {"rows", rows},
      {"limits",
       {{"read_bytes_per_s", report.machine.read_bytes_per_s},
        {"int8_operations_per_s", to_json(report.machine.int8_operations_per_s)},
        {"int16_operations_per_s", to_json(report.machine.int16_operations_per_s)},
        {"bf16_operations_per_s", to_json(report.machine.bf16_operations_per_s)},
        {"f32_operations_per_s", to_json(report.machine.f32_operations_per_s)}}},
      {"repeat", flags.speed.repeat},
      {"threads", measured.threads},
      {"kv_dtype", flags.model.kv_dtype},
      {"load_seconds", measured.load_seconds},
      {"is_from_weight_cache", model.is_from_cache},
      {"load_average", {measured.load_before, load_average()}},
      {"model",
       {{"name", model.name},
        {"architecture", model.architecture},
        {"weights", model.weights},
        {"parameters", model.parameters},
        {"weight_bytes", model.weight_bytes}}},
      {"machine", machine_json()},
      {"sixfold", version()},
  };
  fmt::print("{}\n", json::serialize(document));
}

std::string label_of(const optimize::SpeedRow& row) {
  const std::string depth = row.depth == 0 ? "" : fmt::format(" after {}", row.depth);
  if (row.kind == optimize::SpeedKind::kEncode) {
    return fmt::format("encode, {} x {} tokens", row.sequences, row.tokens);
  }
  if (row.kind == optimize::SpeedKind::kPrefill) return fmt::format("prefill, {} tokens{}", row.tokens, depth);
  return fmt::format("decode, {} x {} tokens{}", row.sequences, row.tokens, depth);
}

void print_table(const Measured& measured, const optimize::SpeedReport& report) {
  const model::ModelDescription& model = measured.model;
  const optimize::LimitSample& machine = report.machine;
  fmt::print("{}: {}, {} parameters, {}, {} of weights\n", model.name, model.architecture,
             human_count(model.parameters), model.weights, human_bytes(model.weight_bytes));
  fmt::print("{}; kernels {}; {} threads; loaded in {:.2f} s; load average {:.2f}\n", kernels::cpu_description(),
             kernels::active_isa(), measured.threads, measured.load_seconds, measured.load_before);
  fmt::print("limits meanwhile: read {} GB/s, int8 {} GOPS, int16 {}, bf16 {}, f32 {}\n\n",
             giga(machine.read_bytes_per_s), giga(machine.int8_operations_per_s), giga(machine.int16_operations_per_s),
             giga(machine.bf16_operations_per_s), giga(machine.f32_operations_per_s));
  fmt::print("  {:<36}{:>10}{:>20}{:>10}{:>8}\n", "tokens per second", "median", "min to max", "limit", "share");
  for (const optimize::SpeedRow& row : report.rows) {
    const optimize::Spread& speed = row.tokens_per_s;
    fmt::print("  {:<36}{:>10.1f}{:>20}{:>10}{:>8}  of {}\n", label_of(row), speed.median,
               fmt::format("{:.1f} to {:.1f}", speed.smallest, speed.largest),
               row.limit_tokens_per_s ? fmt::format("{:.1f}", *row.limit_tokens_per_s) : "n/a",
               row.share ? fmt::format("{:.0f} %", 100 * *row.share) : "n/a", name_of(row.limit));
  }
}

// 0 in a list of counts means that this part is not measured.
void drop_zeros(std::vector<std::size_t>& counts) {
  counts.erase(std::remove(counts.begin(), counts.end(), 0), counts.end());
}

// Lengths that nobody asked for adapt to a small context.
void fit_to_context(std::size_t context, optimize::SpeedOptions& speed) {
  const std::size_t room = context > speed.depth ? context - speed.depth : 0;
  if (room == 0) return;
  const optimize::SpeedOptions defaults;
  if (speed.prompts == defaults.prompts) speed.prompts[0] = std::min(speed.prompts[0], room);
  if (speed.generate == defaults.generate) speed.generate = std::min(speed.generate, room);
}

void print_report(const BenchFlags& flags, const Measured& measured, const optimize::SpeedReport& report) {
  if (flags.is_json) {
    print_json(flags, measured, report);
  } else {
    print_table(measured, report);
  }
}

// Runs measure(clocks) with a probe of this machine's limits and a progress line.
template <class Measure>
Result<optimize::SpeedReport> with_probe(kernels::WorkerPool& pool, const BenchFlags& flags, const Measure& measure) {
  SIXFOLD_TRY(kernels::LimitProbe probe, kernels::LimitProbe::make(pool, read_bytes(flags), system_clock()));
  const optimize::SampleLimits sample = [&] { return optimize::sample_limits(probe); };
  ProgressLine line("measuring");
  const std::function<void(std::size_t, std::size_t)> progress = [&](std::size_t done, std::size_t total) {
    line.update(done, total);
  };
  return measure(optimize::SpeedClocks{system_clock(), sample, progress});
}

Status bench_model(formats::Checkpoint checkpoint, BenchFlags flags) {
  const double load_before = load_average();
  SIXFOLD_TRY(const LoadedModel loaded, load_model(std::move(checkpoint), flags.model));
  SIXFOLD_TRY(flags.speed.kv_dtype, parse_kv_dtype(flags.model.kv_dtype));
  drop_zeros(flags.speed.prompts);
  drop_zeros(flags.speed.batches);
  if (flags.speed.generate == 0) flags.speed.batches.clear();
  fit_to_context(loaded.model->description().context_max, flags.speed);
  SIXFOLD_TRY(const optimize::SpeedReport report,
              with_probe(*loaded.pool, flags, [&](const optimize::SpeedClocks& clocks) {
                return optimize::measure_speed(*loaded.model, flags.speed, clocks);
              }));
  print_report(flags, {loaded.model->description(), loaded.pool->size(), loaded.load_seconds, load_before}, report);
  return ok();
}

// --prompt: tokens of every text, --batch: texts of a call; each as what encoders are usually given unless said.
Status bench_encoder(formats::Checkpoint checkpoint, const BenchFlags& flags) {
  const double load_before = load_average();
  SIXFOLD_TRY(const LoadedEncoder loaded, load_encoder(std::move(checkpoint), flags.model));
  const optimize::SpeedOptions defaults;
  optimize::EncoderSpeedOptions options{.repeat = flags.speed.repeat};
  if (flags.speed.prompts != defaults.prompts) options.tokens = flags.speed.prompts.front();
  if (flags.speed.batches != defaults.batches) options.batches = flags.speed.batches;
  options.tokens = std::min(options.tokens, loaded.encoder->description().model.context_max);
  SIXFOLD_TRY(const optimize::SpeedReport report,
              with_probe(*loaded.pool, flags, [&](const optimize::SpeedClocks& clocks) {
                return optimize::measure_encoder_speed(*loaded.encoder, options, clocks);
              }));
  print_report(flags, {loaded.encoder->description().model, loaded.pool->size(), loaded.load_seconds, load_before},
               report);
  return ok();
}

Status bench(const BenchFlags& flags) {
  if (flags.is_limits_only) return bench_limits(flags);
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(flags.model));
  const bool is_encoder = model::is_encoder(checkpoint);
  return is_encoder ? bench_encoder(std::move(checkpoint), flags) : bench_model(std::move(checkpoint), flags);
}

}  // namespace

VerbAction add_bench(CLI::App& program) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* verb = program.add_subcommand("bench", "Measure a model's speed, and the machine's limits");
  verb->add_option("model", flags->model.source, "File, name or source of a model; the built-in one when left out");
  add_model_flags(*verb, flags->model);
  verb->add_option("-p,--prompt", flags->speed.prompts,
                   "Prompt tokens, a list; 0 = no prefill.  Encoders: tokens of a text")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::Range(0, 1 << 20));
  verb->add_option("-n,--generate", flags->speed.generate, "Tokens decoded of each sequence; 0 = no decode")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  verb->add_option("-b,--batch", flags->speed.batches,
                   "Sequences decoded side by side, a list.  Encoders: texts of a call")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::Range(0, 512));
  verb->add_option("-d,--depth", flags->speed.depth, "Tokens in the cache of every sequence before")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 24));
  verb->add_option("-r,--repeat", flags->speed.repeat, "Counted runs")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  verb->add_option("--read-mib", flags->read_mib,
                   "MiB that are read to find the bandwidth of memory; 0 = many times the largest cache")
      ->envname("SIXFOLD_READ_MIB")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  verb->add_flag("--limits", flags->is_limits_only,
                 "Measure only the machine: read bandwidth and products per second by thread count");
  verb->add_flag("--json", flags->is_json, "One JSON object, for machines");
  verb->footer(
      "Examples:\n  sixfold bench\n  sixfold bench --limits\n"
      "  sixfold bench model.gguf --threads 2 --prompt 128,512 --batch 1,4,8 --generate 64 --json");
  return [flags] { return bench(*flags); };
}

}  // namespace sixfold::cli
