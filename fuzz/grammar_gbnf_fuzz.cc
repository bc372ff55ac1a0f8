// Grammars come from clients: any text must compile and read, or end in an error, within the limits.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "grammar/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold::grammar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sixfold::Result<Grammar> grammar = Grammar::compile(text);
  if (!grammar) return 0;
  const auto reading = Reading::make(std::move(*grammar), {});
  if (!reading) return 0;
  Machine machine(*reading);
  StateId state = machine.start();
  // Its own text as a text, and then whatever it allows first.
  for (const char byte : text.substr(0, 200)) {
    const StateId next = machine.next(state, static_cast<std::uint8_t>(byte));
    if (next != Machine::kDead) state = next;
  }
  for (int step = 0; step < 50 && !machine.is_exhausted(state); ++step) {
    StateId next = Machine::kDead;
    for (unsigned byte = 0; byte < 256 && next == Machine::kDead; ++byte) {
      next = machine.next(state, static_cast<std::uint8_t>(byte));
    }
    // There is always a way on, unless the bounds on nesting and ambiguity forbid it.
    if (next == Machine::kDead) break;
    state = next;
  }
  return 0;
}
