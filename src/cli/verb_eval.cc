// sixfold eval: perplexity of a text, divergence from another model, or raw logits of given tokens.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "cli/adapter_flags.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/read_input.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/error.h"
#include "formats/adapter.h"
#include "kernels/isa.h"
#include "model/divergence.h"
#include "model/evaluate.h"

namespace sixfold::cli {
namespace {

constexpr std::size_t kChunkTokens = 512;

struct EvalFlags {
  ModelOptions model = {.kv_dtype = "f32"};  // the cache must not blur what is measured
  std::string text_file, tokens_file, logits_file;
  std::string reference;  // "" = none, "exact", or a model
  std::size_t chunks_max = 0;
  bool wants_all_positions = false;
  bool is_json = false;
};

Result<std::vector<tokenizer::TokenId>> read_token_ids(const std::string& path) {
  SIXFOLD_TRY(const std::string text, read_file_or_stdin(path));
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(text, error);
  if (error || !document.is_array()) return invalid_argument("{}: want a JSON array of token ids", path);
  std::vector<tokenizer::TokenId> ids;
  for (const boost::json::value& item : document.get_array()) {
    const auto id = boost::json::try_value_to<tokenizer::TokenId>(item);
    if (!id)
      return invalid_argument("{}: item {}: want a token id, got {}", path, ids.size(), boost::json::serialize(item));
    ids.push_back(*id);
  }
  return ids;
}

// The one that --lora names; nothing without.
Result<std::shared_ptr<const model::Adapter>> load_adapter(const model::Model& model, const EvalFlags& flags,
                                                           model::AdapterUse& use) {
  if (flags.model.adapters.size() > 1) {
    return invalid_argument("eval: want at most one --lora, got {}", flags.model.adapters.size());
  }
  SIXFOLD_TRY(const auto files, find_adapters(flags.model.adapters, flags.model.fetch));
  if (files.empty()) return std::shared_ptr<const model::Adapter>();
  SIXFOLD_TRY(const formats::Checkpoint checkpoint,
              formats::open_adapter(files.front().path, model.description().architecture));
  SIXFOLD_TRY(std::shared_ptr<const model::Adapter> adapter, model.load_adapter(checkpoint));
  use = {.adapter = adapter.get(), .scale = files.front().scale};
  return adapter;
}

Status write_logits(const EvalFlags& flags) {
  if (flags.logits_file.empty()) return invalid_argument("eval: --tokens wants --logits FILE to write to");
  SIXFOLD_TRY(const auto ids, read_token_ids(flags.tokens_file));
  if (ids.empty()) return invalid_argument("{}: want at least one token id", flags.tokens_file);
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(flags.model));
  SIXFOLD_TRY(LoadedModel loaded, load_model(std::move(checkpoint), flags.model));
  model::EvaluateOptions options;
  SIXFOLD_TRY(options.kv_dtype, parse_kv_dtype(flags.model.kv_dtype));
  SIXFOLD_TRY(const auto adapter, load_adapter(*loaded.model, flags, options.adapter));
  options.first_wanted = flags.wants_all_positions ? 0 : ids.size() - 1;
  SIXFOLD_TRY(const std::vector<float> logits, model::evaluate_logits(*loaded.model, ids, options));
  SIXFOLD_TRY_STATUS(write_file(flags.logits_file, std::as_bytes(std::span(logits))));
  const std::size_t rows = ids.size() - options.first_wanted;
  const std::size_t vocabulary = loaded.model->description().vocabulary;
  if (flags.is_json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{
                           {"file", flags.logits_file}, {"rows", rows}, {"vocabulary", vocabulary}, {"dtype", "f32"}}));
  } else {
    fmt::print("{}: [{}, {}] float32, little-endian\n", flags.logits_file, rows, vocabulary);
  }
  return ok();
}

void print_perplexity(const EvalFlags& flags, const LoadedModel& loaded, const model::Perplexity& result,
                      std::size_t context) {
  if (!flags.is_json) {
    fmt::print("perplexity {:.4f} +/- {:.4f}   ({} tokens scored, {} chunks of {})\n", result.value,
               result.standard_error, result.tokens_scored, result.chunks, context);
    return;
  }
  const boost::json::object document = {
      {"perplexity", result.value},
      {"standard_error", result.standard_error},
      {"tokens", result.tokens_scored},
      {"chunks", result.chunks},
      {"context", context},
      {"kv_dtype", flags.model.kv_dtype},
      {"isa", kernels::active_isa()},
      {"model", loaded.model->description().name},
  };
  fmt::print("{}\n", boost::json::serialize(document));
}

void print_divergence(const EvalFlags& flags, const LoadedModel& loaded, const model::Divergence& result) {
  if (!flags.is_json) {
    fmt::print("KL divergence from {}, nats a token   ({} tokens, {} chunks)\n", flags.reference,
               result.model.tokens_scored, result.model.chunks);
    fmt::print("  mean       {:.3e} +/- {:.1e}\n  median     {:.3e}\n  99 %       {:.3e}\n  largest    {:.3e}\n",
               result.mean, result.standard_error, result.median, result.percentile_99, result.largest);
    fmt::print("same most likely token  {:.2f} %\n", 100 * result.same_top);
    fmt::print("perplexity {:.4f}, the reference's {:.4f}\n", result.model.value, result.reference.value);
    return;
  }
  const boost::json::object document = {
      {"reference", flags.reference},
      {"kl_mean", result.mean},
      {"kl_standard_error", result.standard_error},
      {"kl_median", result.median},
      {"kl_99_percent", result.percentile_99},
      {"kl_max", result.largest},
      {"same_top", result.same_top},
      {"perplexity", result.model.value},
      {"reference_perplexity", result.reference.value},
      {"tokens", result.model.tokens_scored},
      {"chunks", result.model.chunks},
      {"kv_dtype", flags.model.kv_dtype},
      {"isa", kernels::active_isa()},
      {"model", loaded.model->description().name},
      {"weights", loaded.model->description().weights},
  };
  fmt::print("{}\n", boost::json::serialize(document));
}

// "exact" is the model's own file, its weights widened to f32.
Result<LoadedModel> load_reference(const EvalFlags& flags) {
  ModelOptions options = flags.model;
  options.has_exact_weights = flags.reference == "exact";
  if (!options.has_exact_weights) options.source = flags.reference;
  options.weights = "stored";  // what --weights costs is what is measured
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(options));
  return load_model(std::move(checkpoint), options);
}

Status measure_text(const EvalFlags& flags) {
  SIXFOLD_TRY(const std::string text, read_file_or_stdin(flags.text_file));
  SIXFOLD_TRY(formats::Checkpoint checkpoint, open_model(flags.model));
  SIXFOLD_TRY(LoadedModel loaded, load_model(std::move(checkpoint), flags.model));
  SIXFOLD_TRY(const auto ids, loaded.tokenizer->encode(text, {.adds_special = true, .parses_special = false}));
  model::PerplexityOptions options;
  options.context =
      flags.model.context != 0 ? flags.model.context : std::min(kChunkTokens, loaded.model->description().context_max);
  options.chunks_max = flags.chunks_max;
  if (loaded.tokenizer->adds_bos()) options.bos = loaded.tokenizer->bos();
  SIXFOLD_TRY(options.kv_dtype, parse_kv_dtype(flags.model.kv_dtype));
  SIXFOLD_TRY(const auto adapter, load_adapter(*loaded.model, flags, options.adapter));
  const InterruptFlag interrupt;
  ProgressLine progress(flags.reference.empty() ? "perplexity" : "comparing");
  options.progress = [&](const model::Perplexity& so_far, std::size_t chunks_in_all) {
    progress.update(so_far.chunks, chunks_in_all,
                    fmt::format("{:.4f} +/- {:.4f}", so_far.value, so_far.standard_error));
    return !InterruptFlag::is_set();
  };
  if (flags.reference.empty()) {
    SIXFOLD_TRY(const model::Perplexity result, model::measure_perplexity(*loaded.model, ids, options));
    progress.clear();
    print_perplexity(flags, loaded, result, options.context);
    return ok();
  }
  SIXFOLD_TRY(LoadedModel reference, load_reference(flags));
  SIXFOLD_TRY(const model::Divergence result, model::measure_divergence(*reference.model, *loaded.model, ids, options));
  progress.clear();
  print_divergence(flags, loaded, result);
  return ok();
}

Status eval(const EvalFlags& flags) {
  if (flags.tokens_file.empty() == flags.text_file.empty()) {
    return invalid_argument("eval: want either --text FILE (perplexity) or --tokens FILE --logits FILE");
  }
  if (!flags.reference.empty() && flags.text_file.empty()) {
    return invalid_argument("eval: --against compares on a text: want --text FILE");
  }
  return flags.text_file.empty() ? write_logits(flags) : measure_text(flags);
}

}  // namespace

VerbAction add_eval(CLI::App& program) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App* verb = program.add_subcommand("eval", "Measure perplexity, or write raw logits");
  verb->add_option("model", flags->model.source, "File, name or source of a model; the built-in one when left out");
  verb->add_option("--text", flags->text_file, "Text to measure the perplexity of; \"-\" reads standard input");
  verb->add_option("--chunks", flags->chunks_max, "Chunks to measure at most; 0 = all")->capture_default_str();
  verb->add_option("--against", flags->reference,
                   "Compare with another model, or with \"exact\": the same file computed from exact f32 weights");
  verb->add_option("--tokens", flags->tokens_file, "JSON array of token ids");
  verb->add_option("--logits", flags->logits_file, "Where to write [rows, vocabulary] float32, little-endian");
  verb->add_flag("--all-positions", flags->wants_all_positions, "A row for every token, not only the last");
  verb->add_flag("--json", flags->is_json, "Results as one JSON object");
  add_model_flags(*verb, flags->model);
  add_lora_flag(*verb, flags->model.adapters);
  verb->footer(
      "Perplexity: the text is cut into chunks of --context tokens (512 when not set), each begins with the\n"
      "begin-of-text token, and the second half of each is scored. Ctrl-C stops and prints the result so far.\n"
      "Examples:\n"
      "  sixfold eval model.gguf --text book.txt\n"
      "  sixfold eval model-q4_0.gguf --text book.txt --against model-f16.gguf\n"
      "  sixfold eval model.gguf --tokens ids.json --logits out.f32 --all-positions");
  return [flags] { return eval(*flags); };
}

}  // namespace sixfold::cli
