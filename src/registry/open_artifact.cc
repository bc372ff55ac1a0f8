// Resolves a source to a checkpoint: the built-in model, or a file.
#include <string>

#include "core/error.h"
#include "registry/artifact.h"
#include "registry/builtin_model.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kFileScheme = "file:";

// "hf:" in "hf:org/name"; empty for a plain path.  One letter is a path too ("C:").
std::string_view scheme_of(std::string_view source) {
  const std::size_t colon = source.find(':');
  if (colon == std::string_view::npos || colon < 2 || source.find('/') < colon) return {};
  return source.substr(0, colon + 1);
}

}  // namespace

Result<formats::Checkpoint> open_artifact(const std::string& source) {
  if (source.empty() || source == kBuiltinSource) return formats::read_gguf(builtin_model(), "builtin");
  if (source.starts_with(kFileScheme)) return formats::open_checkpoint(source.substr(kFileScheme.size()));
  auto opened = formats::open_checkpoint(source);
  const std::string_view scheme = scheme_of(source);
  if (!opened.is_ok() && opened.error().code == ErrorCode::kNotFound && !scheme.empty()) {
    return invalid_argument("model source \"{}\": want a path, file:PATH or builtin:, got the unknown kind \"{}\"",
                            source, scheme);
  }
  return opened;
}

}  // namespace sixfold::registry
