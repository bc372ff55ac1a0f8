// Guesses how a text goes on, from the text itself: what followed the last time that its newest tokens stood there.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/request.h"

namespace sixfold::engine {

// Tokens guessed for one sequence in one step, at most.
inline constexpr std::size_t kDraftMax = 15;

// One sequence.  One thread.  Remembers where each run of 2, 3 and 4 tokens stood last, finds the longest that ends the
// text, and follows that place for as long as the text agrees with it.  Whether it agrees is counted even when nobody
// asks for a guess, so the chance of the next guess costs nothing to learn.
// Cost: a few table places a token, and memory of 16 to 32 bytes a token, at most 2 MiB; older runs are forgotten
// beyond that.
// Idea: prompt lookup decoding, github.com/apoorvumang/prompt-lookup-decoding; arXiv:2304.04487.
class Drafter {
 public:
  // tokens: the whole text; what an earlier call had, and more.  The first call's tokens count as given, the later
  // ones' as written.
  void advance(std::span<const TokenId> tokens);

  // The text had this continuation before.  Else there is nothing to guess.
  bool has_draft() const { return follows_ != 0; }

  // Appends the chance that guess number 0 to count - 1 is right, and all guesses before it: never rising.
  void append_chances(std::size_t count, std::vector<double>& chances) const;

  // Guess number `index`, for the tokens of the last advance().  Beyond the end of the text it goes on with its own
  // guesses, as a text that repeats itself does.
  TokenId guess(std::span<const TokenId> tokens, std::size_t index) const;

 private:
  static constexpr std::size_t kClasses = 5;
  struct Record {
    double right = 0;
    double tried = 0;
  };
  static std::size_t class_of(std::size_t matched);
  double chance(std::size_t matched) const;
  void take(std::span<const TokenId> tokens, bool is_written);
  void look_up(std::span<const TokenId> tokens);
  void index_run_before_last(std::span<const TokenId> tokens);
  void grow(std::span<const TokenId> tokens);
  std::uint32_t& place(std::span<const TokenId> run);

  std::size_t taken_ = 0;                   // tokens
  std::size_t follows_ = 0;                 // the guess is the token at this position; 0 = none
  std::size_t matched_ = 0;                 // tokens before it that agree with the end of the text
  std::vector<std::uint32_t> places_;       // by hash of a run: the position after it; 0 = none
  std::array<Record, kClasses> records_{};  // by length of the match
};

}  // namespace sixfold::engine
