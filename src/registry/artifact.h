// Turns what a person typed ("model.gguf", "hf:org/model", "qwen3-0.6b", "builtin:") into a checkpoint that can be
// loaded; what is not on this machine is pulled first.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "registry/pull.h"

namespace sixfold::registry {

// The model that is linked into the program.
inline constexpr std::string_view kBuiltinSource = "builtin:";

// source: "" or "builtin:" (the built-in model), a path, "file:PATH", a name of the store, a source with a scheme, or a
// name of the catalogue; looked up in this order.
// Errors: not_found, invalid_argument (a kind of source we do not know; lists ours), those of pull and of
// formats::open_checkpoint.
Result<formats::Checkpoint> open_artifact(const std::string& source, const PullOptions& options = {});

// The file or folder that open_artifact would open, pulled if need be.  Not for the built-in model.
Result<std::string> locate_artifact(const std::string& source, const PullOptions& options);

struct FoundArtifact {
  std::string path;
  std::optional<Record> record{};  // of the store, with an absolute folder; none for a path
};

// As locate_artifact, with what is known about it.
Result<FoundArtifact> find_artifact(const std::string& source, const PullOptions& options);

// What is known about a model of this machine, by its name or source; record.folder is absolute.  Nothing is pulled.
std::optional<Record> find_record(const std::string& source, const Environment& environment);

// True for a word that means a model without being a path: a name of the store or the catalogue, or a known scheme.
bool is_known_model(const std::string& word, const Environment& environment);

// What to call a model that nobody named: "gpt2" for "hf:openai-community/gpt2", "tiny" for "models/tiny.gguf".
std::string short_name(const std::string& source);

}  // namespace sixfold::registry
