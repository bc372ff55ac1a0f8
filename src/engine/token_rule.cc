// Masks are worked out once for each state of the grammar; a machine that has grown too large is left to those who
// still hold a state of it, and a new one begins.
#include "engine/token_rule.h"

#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "engine/token_mask.h"

namespace sixfold::engine {

Result<std::shared_ptr<TokenRule>> TokenRule::make(std::shared_ptr<const TokenTrie> trie, std::string_view text,
                                                   std::vector<std::string> triggers, std::size_t machine_bytes_max) {
  SIXFOLD_TRY(grammar::Grammar grammar, grammar::Grammar::compile(text));
  SIXFOLD_TRY(auto reading, grammar::Reading::make(std::move(grammar), std::move(triggers)));
  return std::shared_ptr<TokenRule>(new TokenRule(std::move(trie), std::move(reading), machine_bytes_max));
}

TokenRule::TokenRule(std::shared_ptr<const TokenTrie> trie, std::shared_ptr<const grammar::Reading> reading,
                     std::size_t machine_bytes_max)
    : trie_(std::move(trie)),
      reading_(std::move(reading)),
      machine_bytes_max_(machine_bytes_max),
      shelf_(trie_),
      memory_(std::make_shared<Memory>(reading_, machine_bytes_max)) {}

void TokenRule::bring_up_to_date(Place& place) {
  if (memory_->machine.is_full()) memory_ = std::make_shared<Memory>(reading_, machine_bytes_max_);
  if (place.first == memory_) return;
  place.second = memory_->machine.import(place.first->machine, place.second);
  place.first = memory_;
}

Result<std::shared_ptr<const TokenMask>> TokenRule::mask_of(Place& place) {
  bring_up_to_date(place);
  const auto known = memory_->masks.find(place.second);
  if (known != memory_->masks.end()) return known->second;
  const std::shared_ptr<Memory> before = memory_;  // place is of it until the walk has ended
  const Replace replace = [this](grammar::Machine& full, std::span<grammar::StateId> states) {
    auto fresh = std::make_shared<Memory>(reading_, machine_bytes_max_);
    for (grammar::StateId& state : states) state = fresh->machine.import(full, state);
    // Should what the walk needs alone be too much, it must not begin anew at every step.
    if (fresh->machine.is_full()) fresh->machine.allow_more();
    memory_ = std::move(fresh);
    return &memory_->machine;
  };
  SIXFOLD_TRY(TokenMask mask, find_allowed(*trie_, shelf_, &memory_->machine, place.second, replace));
  bring_up_to_date(place);
  auto made = std::make_shared<const TokenMask>(std::move(mask));
  if (memory_->mask_bytes + made->bytes() > limits::kTokenMaskBytesMax) {
    memory_->masks.clear();
    memory_->mask_bytes = 0;
  }
  memory_->mask_bytes += made->bytes();
  memory_->masks.emplace(place.second, made);
  return std::shared_ptr<const TokenMask>(made);
}

RuleReader::RuleReader(std::shared_ptr<TokenRule> rule) : rule_(std::move(rule)) {
  const std::lock_guard lock(rule_->mutex_);
  place_ = {rule_->memory_, rule_->memory_->machine.start()};
}

Status RuleReader::mask(std::span<float> logits, bool keeps_going) {
  std::shared_ptr<const TokenMask> mask;
  bool is_complete = false;
  {
    const std::lock_guard lock(rule_->mutex_);
    SIXFOLD_TRY(mask, rule_->mask_of(place_));
    is_complete = place_.first->machine.is_complete(place_.second);
  }
  if (apply(*mask, *rule_->trie_, is_complete && !keeps_going, logits)) return ok();
  return internal_error("no token of the vocabulary can spell what the grammar wants next");
}

Status RuleReader::accept(TokenId token) {
  const std::lock_guard lock(rule_->mutex_);
  rule_->bring_up_to_date(place_);
  grammar::Machine& machine = place_.first->machine;
  const bool is_known = token >= 0 && static_cast<std::size_t>(token) < rule_->trie_->vocabulary();
  const bool is_searching = machine.is_searching(place_.second);
  const bool has_text = is_known && (is_searching || !rule_->trie_->is_special(token));
  if (has_text) {
    for (const char byte : rule_->trie_->text(token)) {
      place_.second = machine.next(place_.second, static_cast<std::uint8_t>(byte));
    }
  }
  if ((!has_text && !is_searching) || place_.second == grammar::Machine::kDead) {
    return internal_error("token {} was chosen although the grammar does not allow it", token);
  }
  is_finished_ = machine.is_complete(place_.second) && machine.is_exhausted(place_.second);
  return ok();
}

}  // namespace sixfold::engine
