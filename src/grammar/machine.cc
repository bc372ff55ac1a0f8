// Sets of stacks that share their lower parts.
#include "grammar/machine.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"

namespace sixfold::grammar {

Reading::Reading(Grammar grammar, std::vector<std::string> triggers)
    : grammar_(std::move(grammar)), triggers_(std::move(triggers)), search_(triggers_) {
  std::bitset<257> begins;  // a class of bytes begins here
  begins.set(0);
  for (const ByteEdge& edge : grammar_.edges()) {
    begins.set(edge.low);
    begins.set(std::size_t{edge.high} + 1);
  }
  for (const std::string& trigger : triggers_) {
    for (const char character : trigger) {
      const std::size_t byte = static_cast<std::uint8_t>(character);
      begins.set(byte);
      begins.set(byte + 1);
    }
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (begins[byte]) ++classes_;
    class_of_[byte] = static_cast<std::uint8_t>(classes_ - 1);
  }
}

Result<std::shared_ptr<const Reading>> Reading::make(Grammar grammar, std::vector<std::string> triggers) {
  if (triggers.size() > limits::kTriggersMax) {
    return invalid_argument("grammar: {} triggers, want at most {}", triggers.size(), limits::kTriggersMax);
  }
  for (const std::string& trigger : triggers) {
    if (!trigger.empty() && trigger.size() <= limits::kTriggerBytesMax) continue;
    return invalid_argument("grammar: a trigger of {} bytes, want 1 to {}", trigger.size(), limits::kTriggerBytesMax);
  }
  const std::shared_ptr<const Reading> reading(new Reading(std::move(grammar), std::move(triggers)));
  Machine machine(std::shared_ptr<const Reading>(new Reading(reading->grammar_, {})));
  if (machine.start() == Machine::kDead) {
    return invalid_argument("grammar: can begin in more than {} ways", limits::kGrammarStacksMax);
  }
  for (const std::string& trigger : reading->triggers_) {
    StateId state = machine.start();
    for (const char byte : trigger) state = machine.next(state, static_cast<std::uint8_t>(byte));
    if (state == Machine::kDead) {
      return invalid_argument("grammar: no text of the grammar begins with the trigger \"{}\"", trigger);
    }
  }
  return reading;
}

std::size_t Machine::VectorHash::operator()(const std::vector<FrameId>& frames) const {
  std::uint64_t hash = frames.size();
  for (const FrameId frame : frames) hash = (hash ^ frame) * 0x9E3779B97F4A7C15ull, hash ^= hash >> 29;
  return static_cast<std::size_t>(hash);
}

Machine::Machine(std::shared_ptr<const Reading> reading)
    : reading_(std::move(reading)),
      grammar_(reading_->grammar_),
      class_of_(reading_->class_of_),
      classes_(reading_->classes_),
      search_states_(reading_->search_.places(), kDead),
      bytes_max_(limits::kMachineBytesMax) {
  add_state({});
  std::fill(moves_.begin(), moves_.end(), kDead);
  grammar_start_ = state_of({frame(grammar_.start(), kNoFrame)});
  start_ = reading_->triggers_.empty() ? grammar_start_ : search_state(0);
}

StateId Machine::add_state(State state) {
  constexpr std::size_t kOverhead = 96;  // of a state and its place in the table
  bytes_ += kOverhead + state.frames.size() * 2 * sizeof(FrameId) + classes_ * sizeof(StateId);
  states_.push_back(std::move(state));
  moves_.resize(states_.size() * classes_, kUnknown);
  return static_cast<StateId>(states_.size() - 1);
}

Machine::FrameId Machine::frame(NodeId node, FrameId below) {
  const std::uint64_t key = std::uint64_t{below} << 32 | node;
  const auto [place, is_new] = frame_ids_.try_emplace(key, static_cast<FrameId>(frames_.size()));
  if (is_new) {
    constexpr std::size_t kBytes = sizeof(Frame) + sizeof(std::uint32_t) + 40;
    bytes_ += kBytes;
    frames_.push_back({node, below, below == kNoFrame ? 0 : frames_[below].depth + 1});
    seen_.push_back(0);
  }
  return place->second;
}

// Follows everything that takes no byte: forks, calls and ends of rules.
StateId Machine::state_of(std::vector<FrameId> open) {
  ++round_;
  State state;
  std::size_t met = 0;
  while (!open.empty()) {
    const FrameId id = open.back();
    open.pop_back();
    if (seen_[id] == round_) continue;
    seen_[id] = round_;
    ++work_;
    if (++met > 4 * limits::kGrammarStacksMax) return kDead;
    const Frame own = frames_[id];
    if (!grammar_.can_end(own.node)) continue;
    const Node& node = grammar_.nodes()[own.node];
    switch (node.kind) {
      case Node::Kind::kBytes:
        state.frames.push_back(id);
        state.goes_on = true;
        break;
      case Node::Kind::kFork:
        open.push_back(frame(node.first, own.below));
        open.push_back(frame(node.second, own.below));
        break;
      case Node::Kind::kCall: {
        // Who has nothing left to do behind the call need not wait for it: lists that are written as a rule which ends
        // with itself do not grow the stack.
        const FrameId below = node.second == Grammar::kEnd ? own.below : frame(node.second, own.below);
        if (below != kNoFrame && frames_[below].depth >= limits::kGrammarNestingMax) break;
        open.push_back(frame(grammar_.start_of(node.first), below));
        break;
      }
      case Node::Kind::kRuleEnd:
        if (own.below == kNoFrame) {
          state.frames.push_back(id);
          state.is_complete = true;
        } else {
          open.push_back(frame(frames_[own.below].node, frames_[own.below].below));
        }
        break;
    }
  }
  if (state.frames.empty() || state.frames.size() > limits::kGrammarStacksMax) return kDead;
  std::sort(state.frames.begin(), state.frames.end());
  const auto known = state_ids_.find(state.frames);
  if (known != state_ids_.end()) return known->second;
  std::vector<FrameId> key = state.frames;
  const StateId id = add_state(std::move(state));
  state_ids_.emplace(std::move(key), id);
  return id;
}

StateId Machine::work_out(StateId state, std::uint8_t byte) {
  const StateId next = states_[state].is_searching ? search_on(state, byte) : read_on(state, byte);
  moves_[state * classes_ + class_of_[byte]] = next;
  return next;
}

StateId Machine::read_on(StateId state, std::uint8_t byte) {
  std::vector<FrameId> open;
  work_ += states_[state].frames.size() + 1;
  for (std::size_t index = 0; index < states_[state].frames.size(); ++index) {
    const Frame own = frames_[states_[state].frames[index]];
    const Node& node = grammar_.nodes()[own.node];
    if (node.kind != Node::Kind::kBytes) continue;
    for (std::uint32_t edge = node.first; edge < node.second; ++edge) {
      const ByteEdge& step = grammar_.edges()[edge];
      if (step.low <= byte && byte <= step.high) open.push_back(frame(step.next, own.below));
    }
  }
  return open.empty() ? kDead : state_of(std::move(open));
}

StateId Machine::search_state(std::uint32_t place) {
  if (search_states_[place] == kDead) {
    State state;
    state.search_place = place;
    state.is_complete = true;
    state.goes_on = true;
    state.is_searching = true;
    search_states_[place] = add_state(std::move(state));
  }
  return search_states_[place];
}

StateId Machine::search_on(StateId state, std::uint8_t byte) {
  const TriggerSearch::Step step = reading_->search_.step(states_[state].search_place, byte);
  if (!step.found) return search_state(step.place);
  StateId read = grammar_start_;
  for (const char own : reading_->triggers_[*step.found]) read = next(read, static_cast<std::uint8_t>(own));
  return read;
}

StateId Machine::import(const Machine& from, StateId state) {
  if (state == kDead) return kDead;
  const State& wanted = from.states_[state];
  if (wanted.is_searching) return search_state(wanted.search_place);
  std::vector<FrameId> open;
  for (FrameId id : wanted.frames) {
    std::vector<NodeId> nodes;
    for (; id != kNoFrame; id = from.frames_[id].below) nodes.push_back(from.frames_[id].node);
    FrameId below = kNoFrame;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) below = frame(*node, below);
    open.push_back(below);
  }
  return state_of(std::move(open));
}

}  // namespace sixfold::grammar
