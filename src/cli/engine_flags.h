// The flags of verbs that run an engine.
#pragma once
#include <string>

namespace CLI {
class App;
}

namespace sixfold::cli {

// Adds --speculation with its environment variable; speculation: "auto" or "off".
void add_speculation_flag(CLI::App& verb, std::string& speculation);

// Adds --pooling with its environment variable; pooling: "" = what the model was trained for, "mean", "cls" or "last".
void add_pooling_flag(CLI::App& verb, std::string& pooling);

}  // namespace sixfold::cli
