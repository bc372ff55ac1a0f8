// Flags for engine::SamplingOptions.
#include "cli/sampling_flags.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace sixfold::cli {

engine::SamplingOptions conversational_sampling() {
  engine::SamplingOptions options;
  options.temperature = 0.7f;
  options.top_k = 40;
  options.top_p = 0.95f;
  return options;
}

void add_sampling_flags(CLI::App& verb, engine::SamplingOptions& options) {
  verb.add_option("--temperature", options.temperature, "0 = always the likeliest token")->capture_default_str();
  verb.add_option("--top-k", options.top_k, "Sample from the k likeliest tokens; 0 = all")->capture_default_str();
  verb.add_option("--top-p", options.top_p, "Sample from the likeliest tokens that together have this probability")
      ->capture_default_str();
  verb.add_option("--min-p", options.min_p, "Drop tokens below this share of the likeliest one's probability")
      ->capture_default_str();
  verb.add_option("--typical-p", options.typical_p, "Locally typical sampling; 1 = off")->capture_default_str();
  verb.add_option("--repetition-penalty", options.repetition_penalty, "Above 1: repeat less")->capture_default_str();
  verb.add_option("--presence-penalty", options.presence_penalty, "Above 0: prefer new words")->capture_default_str();
  verb.add_option("--frequency-penalty", options.frequency_penalty, "Above 0: avoid frequent words")
      ->capture_default_str();
  verb.add_option_function<std::uint64_t>(
      "--seed", [&options](const std::uint64_t& seed) { options.seed = seed; }, "Same seed, same text");
}

void add_generation_config_flag(CLI::App& verb, std::string& choice) {
  verb.add_option("--generation-config", choice,
                  "Sample as the model's makers recommend where nobody says otherwise, or not")
      ->envname("SIXFOLD_GENERATION_CONFIG")
      ->check(CLI::IsMember({"model", "none"}))
      ->capture_default_str();
}

void follow_recommendation(const CLI::App& verb, const engine::SamplingOptions& recommended,
                           engine::SamplingOptions& options) {
  const auto follow = [&](const char* flag, auto member) {
    if (verb.get_option(flag)->count() == 0) options.*member = recommended.*member;
  };
  follow("--temperature", &engine::SamplingOptions::temperature);
  follow("--top-k", &engine::SamplingOptions::top_k);
  follow("--top-p", &engine::SamplingOptions::top_p);
  follow("--min-p", &engine::SamplingOptions::min_p);
  follow("--typical-p", &engine::SamplingOptions::typical_p);
  follow("--repetition-penalty", &engine::SamplingOptions::repetition_penalty);
  follow("--presence-penalty", &engine::SamplingOptions::presence_penalty);
  follow("--frequency-penalty", &engine::SamplingOptions::frequency_penalty);
}

}  // namespace sixfold::cli
