// Counts what a model thinks, and says when its reasoning is to be closed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/request.h"
#include "grammar/trigger_search.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::engine {

// How far one answer has come in its reasoning.  Control tokens count with their names.  One thread.
class BudgetReader {
 public:
  // Both must outlive it.
  BudgetReader(const ReasoningBudget& budget, const tokenizer::Tokenizer& tokenizer);

  // The token that has to come next, because the budget is used up; nothing while the model is free.  Characters are
  // not cut in two: closing waits for their last byte.
  std::optional<TokenId> closing_token() const;

  // A token has been chosen.
  void accept(TokenId token);

 private:
  enum class Place { kStart, kReasoning, kAnswer };

  void read(std::uint8_t byte);

  const ReasoningBudget& budget_;
  const tokenizer::Tokenizer& tokenizer_;
  const grammar::TriggerSearch ends_;
  Place place_;
  std::string start_;              // white space and part of the opening marker, nothing else has come
  std::uint32_t end_place_ = 0;    // in ends_
  std::size_t used_ = 0;           // tokens that began within the reasoning
  std::size_t closed_ = 0;         // of the closing tokens, those that were chosen one behind the other
  std::size_t bytes_missing_ = 0;  // of the newest character
};

}  // namespace sixfold::engine
