// A short list, searched from the front.
#include "service/rule_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/grammar_limits.h"

namespace sixfold::service {

Result<std::shared_ptr<engine::TokenRule>> RuleCache::find(const OutputRule& rule) {
  if (rule.grammar.empty()) return std::shared_ptr<engine::TokenRule>();
  std::string key;
  for (const std::string& trigger : rule.triggers) key += fmt::format("{}:{}", trigger.size(), trigger);
  key += "\n" + rule.grammar;
  {
    const std::lock_guard lock(mutex_);
    const auto known =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (known != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, known);
      return known->rule;
    }
  }
  std::call_once(trie_is_made_, [this] { trie_ = std::make_shared<const engine::TokenTrie>(tokenizer_); });
  SIXFOLD_TRY(std::shared_ptr<engine::TokenRule> made, engine::TokenRule::make(trie_, rule.grammar, rule.triggers));
  const std::lock_guard lock(mutex_);
  entries_.push_front({std::move(key), made});
  if (entries_.size() > limits::kTokenRulesMax) entries_.pop_back();
  return made;
}

}  // namespace sixfold::service
