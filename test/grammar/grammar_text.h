// What tests ask of a grammar: which texts it accepts, and which can still become one.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/machine.h"

namespace sixfold::grammar {

inline Machine machine_of(std::string_view gbnf, std::vector<std::string> triggers = {}) {
  Result<Grammar> grammar = Grammar::compile(gbnf);
  EXPECT_TRUE(grammar.is_ok()) << (grammar.is_ok() ? "" : grammar.error().message) << "\n" << gbnf.substr(0, 2000);
  if (!grammar) grammar = Grammar::compile("root ::= \"?\"");
  Result<std::shared_ptr<const Reading>> reading = Reading::make(std::move(*grammar), std::move(triggers));
  EXPECT_TRUE(reading.is_ok()) << (reading.is_ok() ? "" : reading.error().message);
  if (!reading) reading = Reading::make(*Grammar::compile("root ::= \"?\""), {});
  return Machine(*reading);
}

inline StateId read(Machine& machine, std::string_view text) {
  StateId state = machine.start();
  for (const char byte : text) state = machine.next(state, static_cast<std::uint8_t>(byte));
  return state;
}

inline bool accepts(Machine& machine, std::string_view text) {
  return machine.is_complete(read(machine, text));
}

inline bool accepts(std::string_view gbnf, std::string_view text) {
  Machine machine = machine_of(gbnf);
  return accepts(machine, text);
}

inline bool can_begin(std::string_view gbnf, std::string_view text) {
  Machine machine = machine_of(gbnf);
  return read(machine, text) != Machine::kDead;
}

}  // namespace sixfold::grammar
