// The sampling flags of verbs that write text.
#pragma once
#include <string>

#include "engine/request.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

// What people expect when they say nothing: lively but coherent text.
engine::SamplingOptions conversational_sampling();

void add_sampling_flags(CLI::App& verb, engine::SamplingOptions& options);

// --generation-config: whether the model's recommendation counts ("model") or not ("none").
void add_generation_config_flag(CLI::App& verb, std::string& choice);

// Takes the recommendation, whole, where no flag of add_sampling_flags was given.
void follow_recommendation(const CLI::App& verb, const engine::SamplingOptions& recommended,
                           engine::SamplingOptions& options);

}  // namespace sixfold::cli
