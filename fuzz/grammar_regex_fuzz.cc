// Patterns come from clients, in schemas too: any text must become an automaton, or end in an error, within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "grammar/grammar.h"
#include "grammar/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold::grammar;
  const std::string_view pattern(reinterpret_cast<const char*>(data), size);
  const auto whole = dfa_of_regex(pattern, RegexUse::kWhole);
  const auto within = dfa_of_regex(pattern, RegexUse::kSearch);
  // What matches as a whole matches within itself.
  if (whole.is_ok() && within.is_ok() && whole->states.size() < 200 && within->states.size() < 200) {
    const auto rest = subtract(*whole, *within);
    if (rest.is_ok() && !is_empty(*rest)) std::abort();
  }
  const auto rules = rules_of_regex(pattern, "root");
  if (rules.is_ok() && rules->size() < 20'000 && !Grammar::compile(*rules).is_ok()) std::abort();
  return 0;
}
