// The sampling flags of verbs that write text.
#pragma once
#include "engine/request.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

// What people expect when they say nothing: lively but coherent text.
engine::SamplingOptions conversational_sampling();

void add_sampling_flags(CLI::App& verb, engine::SamplingOptions& options);

}  // namespace sixfold::cli
