// Compiled output rules, kept for requests that ask for the same again.
#pragma once
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "core/result.h"
#include "core/thread_annotations.h"
#include "engine/token_rule.h"
#include "service/backend.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::service {

// Thread-safe.  Holds limits::kTokenRulesMax rules, those used last.
class RuleCache {
 public:
  // tokenizer must outlive it.
  explicit RuleCache(const tokenizer::Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // Null for a request without a rule.  The first one with a rule waits until the vocabulary is in order, about a
  // microsecond for each token.  Errors: as engine::TokenRule::make.
  Result<std::shared_ptr<engine::TokenRule>> find(const OutputRule& rule);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<engine::TokenRule> rule;
  };

  const tokenizer::Tokenizer& tokenizer_;
  std::once_flag trie_is_made_;
  std::shared_ptr<const engine::TokenTrie> trie_;  // constant once made

  std::mutex mutex_;
  std::list<Entry> entries_ SIXFOLD_GUARDED_BY(mutex_);  // the newest first
};

}  // namespace sixfold::service
