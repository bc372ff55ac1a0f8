// Keeps generated text within a grammar: which tokens may come next, decided here and nowhere else.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/grammar_limits.h"
#include "core/result.h"
#include "core/thread_annotations.h"
#include "engine/alike_tokens.h"
#include "engine/request.h"
#include "engine/token_trie.h"
#include "grammar/machine.h"

namespace sixfold::engine {

// What may follow one state of the grammar, without the tokens that end the answer.
struct TokenMask {
  enum class Form {
    kListed,     // only `tokens`
    kForbidden,  // all but `tokens`
    kBits,       // those whose bit in `bits` is set
  };
  Form form = Form::kListed;
  std::vector<TokenId> tokens;
  std::vector<std::uint64_t> bits;
  std::size_t bytes() const { return tokens.size() * sizeof(TokenId) + bits.size() * sizeof(std::uint64_t) + 64; }
};

// A grammar, its triggers and a vocabulary.  What it works out is remembered and shared by all requests that use it, up
// to limits::kTokenMaskBytesMax and limits::kMachineBytesMax; it changes the speed of the answers and nothing else.
// Thread-safe.
class TokenRule {
 public:
  // text: GBNF.  triggers: as grammar::Reading::make.  machine_bytes_max: of what is remembered about the grammar.
  // Errors: as grammar::Grammar::compile and grammar::Reading::make.
  static Result<std::shared_ptr<TokenRule>> make(std::shared_ptr<const TokenTrie> trie, std::string_view text,
                                                 std::vector<std::string> triggers,
                                                 std::size_t machine_bytes_max = limits::kMachineBytesMax);

 private:
  friend class RuleReader;
  // A machine and the masks of its states.
  struct Memory {
    Memory(std::shared_ptr<const grammar::Reading> reading, std::size_t bytes_max) : machine(std::move(reading)) {
      machine.set_bytes_max(bytes_max);
    }
    grammar::Machine machine;
    std::unordered_map<grammar::StateId, std::shared_ptr<const TokenMask>> masks;
    std::size_t mask_bytes = 0;
  };
  using Place = std::pair<std::shared_ptr<Memory>, grammar::StateId>;

  TokenRule(std::shared_ptr<const TokenTrie> trie, std::shared_ptr<const grammar::Reading> reading,
            std::size_t machine_bytes_max);

  void bring_up_to_date(Place& place) SIXFOLD_REQUIRES(mutex_);
  Result<std::shared_ptr<const TokenMask>> mask_of(Place& place) SIXFOLD_REQUIRES(mutex_);

  const std::shared_ptr<const TokenTrie> trie_;
  const std::shared_ptr<const grammar::Reading> reading_;
  const std::size_t machine_bytes_max_;

  std::mutex mutex_;
  AlikeShelf shelf_ SIXFOLD_GUARDED_BY(mutex_);
  std::shared_ptr<Memory> memory_ SIXFOLD_GUARDED_BY(mutex_);
};

// How far one answer has come in its rule.  One thread.
// Before a trigger every token may come, but for those that hold the end of a trigger and then text that the grammar
// does not allow behind it; control tokens count with their names there.  Once the grammar holds, control tokens are
// never allowed, and tokens that end the answer only where the grammar is complete.
class RuleReader {
 public:
  explicit RuleReader(std::shared_ptr<TokenRule> rule);

  // logits: [vocabulary] f32; those of tokens that may not come next become -inf.  keeps_going: end tokens do not end
  // the answer, so a grammar never allows them.
  // Errors: internal when no token may come, which happens when the vocabulary cannot spell what the grammar wants;
  // resource_exhausted when the grammar can be read in so many ways that finding out takes too long.
  Status mask(std::span<float> logits, bool keeps_going);

  // A token that mask() allows has been chosen; not for one that ended the answer.  Errors: internal for any other.
  Status accept(TokenId token);

  // The text is complete and nothing may follow.
  bool is_finished() const { return is_finished_; }

 private:
  const std::shared_ptr<TokenRule> rule_;
  TokenRule::Place place_;
  bool is_finished_ = false;
};

}  // namespace sixfold::engine
