// sixfold run: continue a text once, or chat in the terminal.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "cli/adapter_flags.h"
#include "cli/chat.h"
#include "cli/engine_flags.h"
#include "cli/interrupt.h"
#include "cli/local_model.h"
#include "cli/model_options.h"
#include "cli/output_rule_flags.h"
#include "cli/read_input.h"
#include "cli/sampling_flags.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "cli/write_answer.h"
#include "core/error.h"
#include "engine/recommended_sampling.h"
#include "registry/artifact.h"
#include "registry/model_defaults.h"

namespace sixfold::cli {
namespace {

constexpr std::size_t kAnswerTokens = 256;  // when nobody says

struct RunFlags {
  ModelOptions model;
  engine::SamplingOptions sampling = conversational_sampling();
  std::string first, second;  // [MODEL] [PROMPT]
  std::string system;
  std::vector<std::string> stop;  // of the model's package
  std::string adapter;            // the name of the one that was loaded; empty: none
  std::string speculation = "auto";
  OutputRuleFlags output;
  service::OutputRule output_rule;  // what they say
  std::size_t tokens_max = kAnswerTokens;
  bool is_raw = false;
  bool hides_stats = false;
};

// One word alone is a model when it looks like a file or a source, else it is a prompt.
bool looks_like_model(const std::string& word) {
  if (word.find_first_of(" \n\t") != std::string::npos) return false;
  std::error_code ignored;
  return word.ends_with(".gguf") || registry::is_known_model(word, registry::process_environment) ||
         word.find('/') != std::string::npos || std::filesystem::is_regular_file(word, ignored);
}

struct ModelAndPrompt {
  std::string model, prompt;
  bool has_prompt = false;
};

Result<ModelAndPrompt> read_arguments(const RunFlags& flags) {
  ModelAndPrompt chosen;
  if (!flags.second.empty()) {
    chosen = {flags.first, flags.second, true};
  } else if (!flags.first.empty() && looks_like_model(flags.first)) {
    chosen = {flags.first, "", false};
  } else if (!flags.first.empty()) {
    chosen = {"", flags.first, true};
  }
  if (chosen.prompt == "-" || (!chosen.has_prompt && !stdin_is_terminal())) {
    SIXFOLD_TRY(chosen.prompt, read_file_or_stdin("-"));
    if (chosen.prompt.empty()) return invalid_argument("run: want a prompt, got empty standard input");
    chosen.has_prompt = true;
  }
  return chosen;
}

service::GenerateRequest make_request(const RunFlags& flags) {
  service::GenerateRequest request;
  request.id = "run";
  request.sampling = flags.sampling;
  if (flags.tokens_max != 0) request.tokens_max = flags.tokens_max;
  request.stop = flags.stop;
  request.model = flags.adapter;
  request.output_rule = flags.output_rule;
  return request;
}

// What the model's package recommends holds where the command line says nothing.
Status apply_defaults(const std::string& source, const CLI::App& verb, RunFlags& flags) {
  SIXFOLD_TRY(const registry::ModelDefaults defaults,
              registry::find_model_defaults(source, registry::process_environment));
  const auto apply = [&](const char* flag, const auto& value, auto& field) {
    const bool counts = flags.model.generation_config == "model" && verb.count(flag) == 0;
    if (value && counts) field = static_cast<std::decay_t<decltype(field)>>(*value);
  };
  apply("--temperature", defaults.temperature, flags.sampling.temperature);
  apply("--top-p", defaults.top_p, flags.sampling.top_p);
  apply("--min-p", defaults.min_p, flags.sampling.min_p);
  apply("--repetition-penalty", defaults.repetition_penalty, flags.sampling.repetition_penalty);
  apply("--top-k", defaults.top_k, flags.sampling.top_k);
  flags.stop = defaults.stop;
  if (flags.system.empty()) flags.system = defaults.system;
  return ok();
}

Status continue_text(service::Backend& backend, const RunFlags& flags, const std::string& prompt, bool is_chat_model) {
  service::GenerateRequest request = make_request(flags);
  if (is_chat_model && !flags.is_raw) {
    std::vector<tokenizer::ChatMessage> messages;
    if (!flags.system.empty()) messages.push_back({"system", flags.system});
    messages.push_back({"user", prompt});
    request.input = std::move(messages);
  } else {
    request.input = prompt;
    std::fwrite(prompt.data(), 1, prompt.size(), stdout);
    std::fflush(stdout);
  }
  const InterruptFlag interrupt;
  SIXFOLD_TRY(const auto generation, backend.generate(std::move(request)));
  SIXFOLD_TRY(const Answer answer, write_answer(*generation));
  std::fputs("\n", stdout);
  std::fflush(stdout);
  if (!flags.hides_stats) print_usage(answer);
  return ok();
}

void print_sampling(const LocalModel& local, const RunFlags& flags) {
  if (!local.recommended_sampling || flags.hides_stats) return;
  const Style style = stderr_style();
  fmt::print(stderr, "{}sampling: {} (recommended by the model: {}){}\n", style.dim, engine::summary_of(flags.sampling),
             engine::summary_of(*local.recommended_sampling), style.reset);
}

Status run(RunFlags flags, const CLI::App& verb) {
  if (flags.model.adapters.size() > 1) {
    return invalid_argument("run: want at most one --lora, got {}", flags.model.adapters.size());
  }
  SIXFOLD_TRY(flags.output_rule, read_output_rule(flags.output));
  SIXFOLD_TRY(const ModelAndPrompt chosen, read_arguments(flags));
  ModelOptions options = flags.model;
  options.source = chosen.model;
  const engine::EngineOptions engine_options{.sequences_max = 1, .has_speculation = flags.speculation == "auto"};
  SIXFOLD_TRY(const auto local, open_local_model(options, engine_options, nullptr, {}));
  if (local->recommended_sampling) follow_recommendation(verb, *local->recommended_sampling, flags.sampling);
  SIXFOLD_TRY_STATUS(apply_defaults(chosen.model, verb, flags));
  const service::BackendDescription description = local->backend->describe();
  if (!description.generates) return lacks_ability(description, service::Ability::kGenerate);
  if (!description.adapters.empty()) flags.adapter = description.adapters.front().name;
  print_sampling(*local, flags);
  if (chosen.has_prompt) return continue_text(*local->backend, flags, chosen.prompt, local->has_chat_template);
  return chat(*local->backend, {.request = make_request(flags),
                                .system = flags.system,
                                .is_chat_model = local->has_chat_template,
                                .hides_stats = flags.hides_stats});
}

}  // namespace

VerbAction add_run(CLI::App& program) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* verb = program.add_subcommand("run", "Continue a text, or chat in the terminal");
  verb->add_option("model", flags->first, "File, name or source of a model; the built-in one when left out");
  verb->add_option("prompt", flags->second, "Text to answer or continue; \"-\" reads standard input; none: chat");
  verb->add_option("-n,--tokens", flags->tokens_max, "Tokens to write at most; 0 = until the end")
      ->capture_default_str();
  verb->add_option("-s,--system", flags->system, "System message");
  verb->add_flag("--raw", flags->is_raw, "Continue the text as it is, without the model's chat template");
  verb->add_flag("--no-stats", flags->hides_stats, "Do not print speeds at the end");
  add_sampling_flags(*verb, flags->sampling);
  add_generation_config_flag(*verb, flags->model.generation_config);
  add_model_flags(*verb, flags->model);
  add_lora_flag(*verb, flags->model.adapters);
  add_speculation_flag(*verb, flags->speculation);
  add_output_rule_flags(*verb, flags->output);
  verb->footer(
      "Examples:\n"
      "  sixfold run \"Once upon a time\"\n"
      "  sixfold run model.gguf \"Why is the sky blue?\"\n"
      "  sixfold run model.gguf                 chat: Ctrl-C stops an answer, Ctrl-D leaves\n"
      "  sixfold run model.gguf --json-schema person.json \"Invent a person\"\n"
      "  git diff | sixfold run model.gguf -s \"Write a commit message\" -");
  return [flags, verb] { return run(*flags, *verb); };
}

}  // namespace sixfold::cli
