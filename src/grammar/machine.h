// Reads texts by a grammar, one byte at a time, and remembers every move that it once worked out.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "grammar/alike_set.h"
#include "grammar/grammar.h"
#include "grammar/trigger_search.h"

namespace sixfold::grammar {

// What a machine is made from.  Immutable, thread-safe.
class Reading {
 public:
  // triggers: empty = the grammar holds from the first byte on.  Else any bytes may come until one of them has been
  // read; the grammar then holds from that trigger's first byte on, so it must begin with the trigger.  The trigger
  // that ends first counts, the longest of those that end together.
  // Errors: invalid_argument: too many triggers, an empty or too long one, one that the grammar cannot begin with.
  static Result<std::shared_ptr<const Reading>> make(Grammar grammar, std::vector<std::string> triggers);

 private:
  friend class Machine;
  Reading(Grammar grammar, std::vector<std::string> triggers);

  Grammar grammar_;
  std::vector<std::string> triggers_;
  TriggerSearch search_;
  std::array<std::uint8_t, 256> class_of_{};  // bytes of one class are the same to every node and trigger
  std::size_t classes_ = 0;
};

using StateId = std::uint32_t;

// A pushdown automaton made deterministic while it is used: a state is the set of all ways in which the grammar can
// have read the text so far, each a node and the stack of nodes that wait for its rule.  Equal sets have one number, so
// that what follows from them is worked out once.
// Bounds: a way deeper than limits::kGrammarNestingMax, and a text that can be read in more than
// limits::kGrammarStacksMax ways, are not allowed: that forbids texts, and never lets a wrong one through.
// Memory grows with the states that were met; see is_full().  One thread.
class Machine {
 public:
  static constexpr StateId kDead = 0;  // the bytes so far begin no text of the grammar

  explicit Machine(std::shared_ptr<const Reading> reading);

  StateId start() const { return start_; }
  // kDead when the byte is not allowed.  Cost: one look-up, or on the first time O(ways).
  StateId next(StateId state, std::uint8_t byte) {
    const StateId known = moves_[state * classes_ + class_of_[byte]];
    return known != kUnknown ? known : work_out(state, byte);
  }

  // The characters that lead to the same state as most characters of ASCII do; none when no character may follow.
  AlikeSet alike(StateId state) { return alike_of(state).set; }

  // How many characters of the set may follow, whichever they are, each sequence of them leading to the same state as
  // every other of its length; at most kAlikeRunMax are counted.
  static constexpr std::size_t kAlikeRunMax = 32;
  struct AlikeRun {
    std::size_t length = 0;
    bool is_end = false;  // behind them none of the set may follow
  };
  AlikeRun alike_run(StateId state, const AlikeSet& set);

  bool is_complete(StateId state) const { return states_[state].is_complete; }  // the text may end here
  bool is_exhausted(StateId state) const { return !states_[state].goes_on; }    // no byte may follow
  // No trigger has been read: the grammar does not hold yet, any byte may follow that does not end a trigger wrongly.
  bool is_searching(StateId state) const { return states_[state].is_searching; }

  // More than limits::kMachineBytesMax: whoever uses it should go on with a new machine, where import() finds the state
  // that another machine of the same reading calls `state`.
  bool is_full() const { return bytes_ > bytes_max_; }
  StateId import(const Machine& from, StateId state);

  const std::shared_ptr<const Reading>& reading() const { return reading_; }
  void set_bytes_max(std::size_t bytes) { bytes_max_ = bytes; }
  void allow_more() { bytes_max_ = 2 * bytes_; }

  // Ways that were followed so far: a measure of the time that it took.
  std::uint64_t work() const { return work_; }

 private:
  static constexpr StateId kUnknown = 0xFFFFFFFF;
  using FrameId = std::uint32_t;
  static constexpr FrameId kNoFrame = 0xFFFFFFFF;

  // A node, and who waits below it.
  struct Frame {
    NodeId node = 0;
    FrameId below = kNoFrame;
    std::uint32_t depth = 0;
  };
  struct State {
    std::vector<FrameId> frames;  // sorted; at nodes that read a byte, or at the end of the root
    std::uint32_t search_place = 0;
    bool is_complete = false;
    bool goes_on = false;
    bool is_searching = false;
    std::uint32_t alike = kUnknown;  // place in alikes_
  };
  struct Alike {
    AlikeSet set;
    StateId next = kDead;
  };
  struct VectorHash {
    std::size_t operator()(const std::vector<FrameId>& frames) const;
  };

  StateId work_out(StateId state, std::uint8_t byte);
  Alike alike_of(StateId state);
  Alike find_alike(StateId state);
  bool others_lead_to(StateId state, StateId target);
  bool allows_any(StateId state, const AlikeSet& set);
  StateId search_on(StateId state, std::uint8_t byte);
  StateId search_state(std::uint32_t place);
  StateId read_on(StateId state, std::uint8_t byte);
  StateId add_state(State state);
  StateId state_of(std::vector<FrameId> open);
  FrameId frame(NodeId node, FrameId below);

  const std::shared_ptr<const Reading> reading_;
  const Grammar& grammar_;
  const std::array<std::uint8_t, 256>& class_of_;
  const std::size_t classes_;

  std::vector<Frame> frames_;
  std::unordered_map<std::uint64_t, FrameId> frame_ids_;  // by node and the frame below
  std::vector<State> states_;
  std::unordered_map<std::vector<FrameId>, StateId, VectorHash> state_ids_;
  std::vector<StateId> search_states_;  // by place of the search
  std::vector<StateId> moves_;          // [states, classes]
  std::vector<Alike> alikes_;           // of the states that were asked for theirs
  std::vector<std::uint32_t> seen_;     // [frames]: the round in which a frame was last met
  std::uint32_t round_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t work_ = 0;
  std::size_t bytes_max_;
  StateId grammar_start_ = kDead;
  StateId start_ = kDead;
};

}  // namespace sixfold::grammar
