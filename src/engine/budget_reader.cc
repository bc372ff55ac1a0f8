// Follows the text byte by byte, as those do who split it later.
#include "engine/budget_reader.h"

#include <string_view>

namespace sixfold::engine {

BudgetReader::BudgetReader(const ReasoningBudget& budget, const tokenizer::Tokenizer& tokenizer)
    : budget_(budget),
      tokenizer_(tokenizer),
      ends_(budget.ends),
      place_(budget.is_open ? Place::kReasoning : Place::kStart) {}

std::optional<TokenId> BudgetReader::closing_token() const {
  const bool is_used_up = used_ >= budget_.tokens && bytes_missing_ == 0;
  if (place_ != Place::kReasoning || !(is_used_up || closed_ > 0)) return std::nullopt;
  return budget_.closing[closed_];
}

void BudgetReader::accept(TokenId token) {
  if (place_ == Place::kAnswer) return;
  const bool closes = closing_token() == token;
  const bool is_reasoning = place_ == Place::kReasoning;
  for (const char byte : tokenizer_.piece(token, true)) read(static_cast<std::uint8_t>(byte));
  if (is_reasoning && !closes) ++used_;
  closed_ = closes ? closed_ + 1 : 0;
  if (closed_ == budget_.closing.size()) place_ = Place::kAnswer;
}

void BudgetReader::read(std::uint8_t byte) {
  const bool goes_on = (byte & 0xC0) == 0x80;
  if (goes_on) {
    bytes_missing_ -= bytes_missing_ > 0 ? 1 : 0;
  } else {
    bytes_missing_ = byte < 0xC2 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : byte < 0xF5 ? 3 : 0;
  }
  switch (place_) {
    case Place::kStart: {
      constexpr std::string_view kSpace = " \t\n\v\f\r";
      if (start_.empty() && kSpace.find(static_cast<char>(byte)) != std::string_view::npos) return;
      start_ += static_cast<char>(byte);
      if (start_ == budget_.begin) {
        place_ = Place::kReasoning;
      } else if (!budget_.begin.starts_with(start_)) {
        place_ = Place::kAnswer;
      }
      return;
    }
    case Place::kReasoning: {
      const grammar::TriggerSearch::Step step = ends_.step(end_place_, byte);
      end_place_ = step.place;
      if (step.found) place_ = Place::kAnswer;
      return;
    }
    case Place::kAnswer:
      return;
  }
}

}  // namespace sixfold::engine
