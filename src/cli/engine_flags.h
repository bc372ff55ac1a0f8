// The flags of verbs that run an engine.
#pragma once
#include <string>

namespace CLI {
class App;
}

namespace sixfold::cli {

// Adds --speculation with its environment variable; speculation: "auto" or "off".
void add_speculation_flag(CLI::App& verb, std::string& speculation);

}  // namespace sixfold::cli
