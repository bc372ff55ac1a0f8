// The command line with which a deployed server starts, made from the manifest.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "manifest/manifest.h"

namespace sixfold::deploy {

// {"serve", MODEL, "--host", "0.0.0.0", "--port", ...}: what the manifest says under "serve" and "model", but where it
// listens.  model: in place of the manifest's source where it lies elsewhere there; empty: as the manifest says.
std::vector<std::string> serve_arguments(const manifest::Manifest& manifest, std::string_view model,
                                         std::uint64_t port);

// Where the model comes from: the manifest's source, or the built-in one.
std::string model_source(const manifest::Manifest& manifest);

// A source that any machine can pull, unlike a path of this one.
bool is_pullable(std::string_view source);

}  // namespace sixfold::deploy
