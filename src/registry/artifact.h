// Turns what a person typed ("model.gguf", "file:...", "builtin:") into a checkpoint that can be loaded.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::registry {

// The model that is linked into the program.
inline constexpr std::string_view kBuiltinSource = "builtin:";

// source: "" or "builtin:" (the built-in model), a path, or "file:PATH".
// Errors: not_found, invalid_argument (a source kind we do not know; lists ours), and those of
// formats::open_checkpoint.
Result<formats::Checkpoint> open_artifact(const std::string& source);

}  // namespace sixfold::registry
