// A table of places, checked against the text when read: a hash that two runs share costs a guess, never a wrong match.
#include "engine/drafter.h"

#include <algorithm>
#include <bit>

#include "core/check.h"

namespace sixfold::engine {
namespace {

constexpr std::size_t kRunMin = 2;  // tokens
constexpr std::size_t kRunMax = 4;
constexpr std::size_t kPlacesMin = 1u << 8;
constexpr std::size_t kPlacesMax = 1u << 19;
constexpr std::size_t kMatchMax = 64;  // tokens that are compared backwards; a longer match says no more

// What is believed before a sequence has shown how it is, as if seen kBelief times: a match of 2 or 3 tokens goes on as
// in prose, a long one as in a copy or a loop.
constexpr std::array<double, 5> kChanceAtFirst = {0.2, 0.5, 0.75, 0.9, 0.95};
constexpr double kBelief = 2;
constexpr double kFading = 0.95;  // of what was seen, a token: about the last 20 count

}  // namespace

std::size_t Drafter::class_of(std::size_t matched) {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(matched)) - 2, kClasses - 1);
}

double Drafter::chance(std::size_t matched) const {
  const std::size_t index = class_of(matched);
  return (records_[index].right + kBelief * kChanceAtFirst[index]) / (records_[index].tried + kBelief);
}

std::uint32_t& Drafter::place(std::span<const TokenId> run) {
  std::uint64_t hash = run.size();
  for (const TokenId token : run) {
    hash = (hash ^ static_cast<std::uint64_t>(token)) * 0x9E3779B97F4A7C15ull;  // the golden ratio's bits
    hash ^= hash >> 29;
  }
  return places_[hash & (places_.size() - 1)];
}

// The runs that end with the last token would be found as their own past; they are indexed one token later.
void Drafter::index_run_before_last(std::span<const TokenId> tokens) {
  const auto before = tokens.first(tokens.size() - 1);
  for (std::size_t run = kRunMin; run <= std::min(kRunMax, before.size()); ++run) {
    place(before.last(run)) = static_cast<std::uint32_t>(before.size());
  }
}

void Drafter::grow(std::span<const TokenId> tokens) {
  if (places_.size() >= kPlacesMax || tokens.size() * 4 <= places_.size()) return;
  places_.assign(std::clamp(std::bit_ceil(tokens.size() * 4), kPlacesMin, kPlacesMax), 0);
  for (std::size_t count = 1; count < taken_; ++count) index_run_before_last(tokens.first(count + 1));
}

void Drafter::look_up(std::span<const TokenId> tokens) {
  follows_ = 0;
  for (std::size_t run = std::min(kRunMax, tokens.size()); run >= kRunMin; --run) {
    const std::size_t found = place(tokens.last(run));
    if (found == 0) continue;
    std::size_t matched = 0;
    while (matched < std::min(found, kMatchMax) && tokens[found - 1 - matched] == tokens[tokens.size() - 1 - matched]) {
      ++matched;
    }
    if (matched < run) continue;
    follows_ = found;
    matched_ = matched;
    return;
  }
}

// The last of `tokens` is new.
void Drafter::take(std::span<const TokenId> tokens, bool is_written) {
  const TokenId token = tokens.back();
  const bool is_right = follows_ != 0 && tokens[follows_] == token;
  if (is_written && follows_ != 0) {
    Record& record = records_[class_of(matched_)];
    record.right = record.right * kFading + (is_right ? 1 : 0);
    record.tried = record.tried * kFading + 1;
  }
  if (tokens.size() > 1) index_run_before_last(tokens);
  if (is_right) {
    ++follows_;
    matched_ = std::min(matched_ + 1, kMatchMax);
  } else {
    look_up(tokens);
  }
}

void Drafter::advance(std::span<const TokenId> tokens) {
  SIXFOLD_CHECK(tokens.size() >= taken_);
  grow(tokens);
  const bool is_written = taken_ != 0;
  while (taken_ < tokens.size()) {
    ++taken_;
    take(tokens.first(taken_), is_written);
  }
}

void Drafter::append_chances(std::size_t count, std::vector<double>& chances) const {
  if (!has_draft()) return;
  double all = 1;
  for (std::size_t index = 0; index < count; ++index) {
    all *= chance(matched_ + index);
    chances.push_back(all);
  }
}

TokenId Drafter::guess(std::span<const TokenId> tokens, std::size_t index) const {
  SIXFOLD_CHECK(has_draft() && tokens.size() == taken_);
  const std::size_t position = follows_ + index;
  const std::size_t period = tokens.size() - follows_;
  return tokens[position < tokens.size() ? position : follows_ + index % period];
}

}  // namespace sixfold::engine
