// One flag, the same in every verb.
#include "cli/engine_flags.h"

#include <CLI/CLI.hpp>

namespace sixfold::cli {

void add_speculation_flag(CLI::App& verb, std::string& speculation) {
  verb.add_option("--speculation", speculation, "Guess repeated text where that is faster; the text stays the same")
      ->envname("SIXFOLD_SPECULATION")
      ->check(CLI::IsMember({"auto", "off"}))
      ->capture_default_str();
}

}  // namespace sixfold::cli
