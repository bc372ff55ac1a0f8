// Which characters a state takes alike: they are what lets a walk over a vocabulary pass most tokens over.
#include <algorithm>
#include <utility>
#include <vector>

#include "grammar/machine.h"

namespace sixfold::grammar {
namespace {

// First bytes of characters from U+0080 on, and the bytes behind them: The Unicode Standard 15.0, table 3-7.
struct Lead {
  std::uint8_t low, high, second_low, second_high;
  int more;  // bytes 80 to BF behind the second
};
constexpr Lead kLeads[] = {{0xC2, 0xDF, 0x80, 0xBF, 0}, {0xE0, 0xE0, 0xA0, 0xBF, 1}, {0xE1, 0xEC, 0x80, 0xBF, 1},
                           {0xED, 0xED, 0x80, 0x9F, 1}, {0xEE, 0xEF, 0x80, 0xBF, 1}, {0xF0, 0xF0, 0x90, 0xBF, 2},
                           {0xF1, 0xF3, 0x80, 0xBF, 2}, {0xF4, 0xF4, 0x80, 0x8F, 2}};

}  // namespace

Machine::AlikeRun Machine::alike_run(StateId state, const AlikeSet& set) {
  for (std::size_t run = 0; run < kAlikeRunMax; ++run) {
    const Alike own = alike_of(state);
    if (!own.set.includes(set)) return {run, !allows_any(state, set)};
    if (own.next == state) break;
    state = own.next;
  }
  return {kAlikeRunMax, false};
}

Machine::Alike Machine::alike_of(StateId state) {
  if (states_[state].alike == kUnknown) {
    const Alike found = find_alike(state);  // may make new states
    states_[state].alike = static_cast<std::uint32_t>(alikes_.size());
    alikes_.push_back(found);
    bytes_ += sizeof(Alike);
  }
  return alikes_[states_[state].alike];
}

Machine::Alike Machine::find_alike(StateId state) {
  std::vector<std::pair<StateId, AlikeSet>> by_target;
  for (std::uint8_t byte = 0; byte < 0x80; ++byte) {
    const StateId after = next(state, byte);
    if (after == kDead) continue;
    auto own = std::find_if(by_target.begin(), by_target.end(), [&](const auto& one) { return one.first == after; });
    if (own == by_target.end()) own = by_target.insert(own, {after, AlikeSet{}});
    own->second.add(byte);
  }
  const auto most = std::max_element(by_target.begin(), by_target.end(), [](const auto& a, const auto& b) {
    return a.second.ascii_count() < b.second.ascii_count();
  });
  if (most == by_target.end()) return {};
  Alike found{most->second, most->first};
  found.set.has_others = others_lead_to(state, found.next);
  return found;
}

// All ways through the bytes of UTF-8 must meet in the target.  Of bytes that are one class here, the first stands for
// all.
bool Machine::others_lead_to(StateId state, StateId target) {
  struct Open {
    StateId state;
    std::uint8_t low, high;  // the next byte
    int more;                // bytes 80 to BF behind it
    bool operator==(const Open&) const = default;
  };
  std::vector<Open> open;
  const auto add_all = [&](StateId from, std::uint8_t low, std::uint8_t high, auto make) {
    for (unsigned byte = low; byte <= high; ++byte) {
      if (byte > low && class_of_[byte] == class_of_[byte - 1]) continue;
      const StateId after = next(from, static_cast<std::uint8_t>(byte));
      if (after == kDead) return false;
      const Open one = make(after);
      if (std::find(open.begin(), open.end(), one) == open.end()) open.push_back(one);
    }
    return true;
  };
  for (const Lead& lead : kLeads) {
    const auto make = [&](StateId after) { return Open{after, lead.second_low, lead.second_high, lead.more}; };
    if (!add_all(state, lead.low, lead.high, make)) return false;
  }
  for (std::size_t at = 0; at < open.size(); ++at) {
    constexpr std::size_t kOpenMax = 256;  // else the grammar tells characters apart
    if (open.size() > kOpenMax) return false;
    const Open own = open[at];
    if (own.more > 0) {
      const auto make = [&](StateId after) { return Open{after, 0x80, 0xBF, own.more - 1}; };
      if (!add_all(own.state, own.low, own.high, make)) return false;
      continue;
    }
    for (unsigned byte = own.low; byte <= own.high; ++byte) {
      if (byte > own.low && class_of_[byte] == class_of_[byte - 1]) continue;
      if (next(own.state, static_cast<std::uint8_t>(byte)) != target) return false;
    }
  }
  return true;
}

bool Machine::allows_any(StateId state, const AlikeSet& set) {
  for (std::uint8_t byte = 0; byte < 0x80; ++byte) {
    if (set.has(byte) && next(state, byte) != kDead) return true;
  }
  for (unsigned byte = 0xC2; set.has_others && byte <= 0xF4; ++byte) {
    if (next(state, static_cast<std::uint8_t>(byte)) != kDead) return true;
  }
  return false;
}

}  // namespace sixfold::grammar
