// Finds the tokens that a grammar allows next.
#pragma once
#include <functional>
#include <memory>

#include "core/result.h"
#include "engine/token_rule.h"
#include "engine/token_trie.h"
#include "grammar/machine.h"

namespace sixfold::engine {

// Called when the machine has become full; returns another one, in which the states have been given their new numbers.
using Replace = std::function<grammar::Machine*(grammar::Machine&, std::span<grammar::StateId> states)>;

// The tokens that may follow the state.  shelf: of the rule; what is on it changes the time that this takes only.
// Errors: resource_exhausted when the machine works for too long.
Result<TokenMask> find_allowed(const TokenTrie& trie, AlikeShelf& shelf, grammar::Machine* machine,
                               grammar::StateId state, const Replace& replace);

// Sets the logits of tokens that the mask does not allow to -inf.  allows_end: end tokens keep theirs.  Returns whether
// any token is left.
bool apply(const TokenMask& mask, const TokenTrie& trie, bool allows_end, std::span<float> logits);

}  // namespace sixfold::engine
