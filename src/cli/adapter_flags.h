// --lora: the adapters that a verb loads beside its model.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/fetch.h"
#include "core/result.h"
#include "engine/adapter_shelf.h"
#include "engine/engine.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

// Adds --lora, which may come several times; each is NAME=SOURCE@SCALE, of which only the source is needed.
void add_lora_flag(CLI::App& verb, std::vector<std::string>& adapters);

// path is the source's until it is found.  A number behind the last @ is the scale.  Without a name, the source's last
// part is it.
// Errors: invalid_argument.
Result<engine::AdapterFile> parse_adapter(std::string_view text);

// What the flag says, with paths; pulled when they are not on this machine.
Result<std::vector<engine::AdapterFile>> find_adapters(const std::vector<std::string>& adapters,
                                                       const FetchFlags& fetch);

// Errors: those of engine::AdapterShelf::load.
Status load_adapters(const std::vector<engine::AdapterFile>& files, engine::Engine& engine);

}  // namespace sixfold::cli
