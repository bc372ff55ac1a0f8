// How whoever packaged a model wants it to be run: ollama's parameters and system message.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/environment.h"

namespace sixfold::registry {

struct ModelDefaults {
  std::optional<double> temperature, top_p, min_p, repetition_penalty;
  std::optional<std::uint64_t> top_k;
  std::vector<std::string> stop;
  std::string system;
};

// text: ollama's "params" layer.  Other parameters are left out: they are about memory and speed.
// Errors: corrupt_data, naming `where`, field, want and got.
Result<ModelDefaults> read_model_defaults(std::string_view text, std::string_view where);

// Of a model that is on this machine; empty for every other, and for sources that have none.
// Errors: those of read_model_defaults.
Result<ModelDefaults> find_model_defaults(const std::string& source, const Environment& environment);

}  // namespace sixfold::registry
