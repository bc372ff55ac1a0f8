// Getting a model with progress on stderr and Ctrl-C, for every verb that may download.
#pragma once
#include <cstddef>
#include <functional>
#include <string>

#include "core/result.h"
#include "registry/pull.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

struct FetchFlags {
  bool is_offline = false;
  std::size_t connections = 4;
};

// Adds --offline with its environment variable.
void add_offline_flag(CLI::App& verb, FetchFlags& flags);

// Runs `pull` with options that show progress, redrawn in a terminal and as a few lines elsewhere, and that stop at
// Ctrl-C; then the program ends as the signal would have ended it.
Status with_progress(const FetchFlags& flags, const std::function<Status(const registry::PullOptions&)>& pull);

// The path of a model, pulled when it is not on this machine; "" and "builtin:" stay what they are.
Result<std::string> fetch_model(const std::string& source, const FetchFlags& flags);

}  // namespace sixfold::cli
