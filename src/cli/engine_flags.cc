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

void add_pooling_flag(CLI::App& verb, std::string& pooling) {
  verb.add_option("--pooling", pooling,
                  "How an embedding is made of a text's tokens; as the model was trained if not said")
      ->envname("SIXFOLD_POOLING")
      ->check(CLI::IsMember({"mean", "cls", "last"}));
}

}  // namespace sixfold::cli
