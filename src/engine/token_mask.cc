// One walk over the tree of tokens together with the grammar: where a byte is not allowed, everything behind it is
// stepped over.
#include "engine/token_mask.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "core/error.h"
#include "engine/token_bits.h"

namespace sixfold::engine {
namespace {

using grammar::Machine;
using grammar::StateId;

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

// Ways of reading that one walk may follow: some tenths of a second.
constexpr std::uint64_t kWorkMax = 20'000'000;

// Visits nodes in order; collects tokens whose text is allowed (wants_allowed), or those whose is not.
class Walk {
 public:
  Walk(Machine* machine, StateId start, std::size_t depth_max, const Replace& replace)
      : machine_(machine),
        states_(depth_max + 1, Machine::kDead),
        runs_(depth_max + 1, kUnknownRun),
        replace_(replace),
        work_begin_(machine->work()) {
    states_[0] = start;
  }

  Status run(const TokenTree& tree, bool wants_allowed, std::vector<TokenId>& found) {
    const std::span<const TokenTree::Node> nodes = tree.nodes();
    for (std::size_t at = 0; at < nodes.size(); ++visited_) {
      const TokenTree::Node& node = nodes[at];
      if (node.plain_characters > 0 && plain_run(node.depth) >= node.plain_characters) {
        // Every token from here on consists of characters that are all alike to the grammar.
        if (wants_allowed) {
          const std::size_t end = node.end < nodes.size() ? nodes[node.end].first_token : tree.tokens().size();
          const auto own = tree.tokens().subspan(node.first_token, end - node.first_token);
          found.insert(found.end(), own.begin(), own.end());
        }
        at = node.end;
        continue;
      }
      const StateId next = machine_->next(states_[node.depth], node.byte);
      if (next == Machine::kDead) {
        if (!wants_allowed) {
          for (std::size_t inner = at; inner < node.end; ++inner) {
            if (nodes[inner].token >= 0) found.push_back(nodes[inner].token);
          }
        }
        at = node.end;
        continue;
      }
      set_state(node.depth + std::size_t{1}, next);
      if (node.token >= 0 && wants_allowed) found.push_back(node.token);
      ++at;
      if (machine_->is_full()) {
        work_done_ += machine_->work() - work_begin_;
        machine_ = replace_(*machine_, std::span(states_).first(node.depth + std::size_t{2}));
        work_begin_ = machine_->work();
        std::fill(runs_.begin(), runs_.end(), kUnknownRun);
      }
      if (work_done_ + machine_->work() - work_begin_ > kWorkMax) {
        return resource_exhausted(
            "the grammar can be read in so many ways that finding the next tokens takes too long");
      }
    }
    return ok();
  }

  std::size_t visited() const { return visited_; }  // nodes

 private:
  static constexpr std::size_t kUnknownRun = ~std::size_t{0};
  static constexpr grammar::AlikeSet kPlain = grammar::plain_characters();

  void set_state(std::size_t depth, StateId state) {
    if (states_[depth] == state) return;
    states_[depth] = state;
    runs_[depth] = kUnknownRun;
  }
  std::size_t plain_run(std::size_t depth) {
    if (runs_[depth] == kUnknownRun) {
      runs_[depth] = machine_->alike_run(states_[depth], kPlain).length;
    }
    return runs_[depth];
  }

  Machine* machine_;
  std::vector<StateId> states_;    // [depth]: before each byte of the path
  std::vector<std::size_t> runs_;  // [depth]: plain characters that may follow there
  const Replace& replace_;
  std::uint64_t work_begin_;
  std::uint64_t work_done_ = 0;
  std::size_t visited_ = 0;
};

void add_twins(const TokenTrie& trie, std::vector<TokenId>& tokens) {
  if (trie.twins().empty()) return;
  std::sort(tokens.begin(), tokens.end());
  std::vector<TokenId> others;
  for (const TokenTrie::Twin& twin : trie.twins()) {
    if (std::binary_search(tokens.begin(), tokens.end(), twin.first)) others.push_back(twin.other);
  }
  tokens.insert(tokens.end(), others.begin(), others.end());
}

}  // namespace

Result<TokenMask> find_allowed(const TokenTrie& trie, AlikeShelf& shelf, Machine* machine, StateId state,
                               const Replace& replace) {
  TokenMask mask;
  if (machine->is_searching(state)) {
    mask.form = TokenMask::Form::kForbidden;
    Walk walk(machine, state, trie.depth_max(), replace);
    SIXFOLD_TRY_STATUS(walk.run(trie.tree(), false, mask.tokens));
    SIXFOLD_TRY_STATUS(walk.run(trie.special_tree(), false, mask.tokens));
    add_twins(trie, mask.tokens);
    return mask;
  }
  const grammar::AlikeSet set = machine->alike(state);
  const AlikeTokens* alike = shelf.choose(set);
  const Machine::AlikeRun run = alike != nullptr ? machine->alike_run(state, alike->set()) : Machine::AlikeRun();
  // Tokens of as many characters as the run has are allowed; when it is the longest that is counted, or ends with
  // characters of the set, those of more are among the others, or are not allowed.
  const bool is_whole = run.length > 0 && (run.is_end || run.length == Machine::kAlikeRunMax);
  Walk walk(machine, state, trie.depth_max(), replace);
  SIXFOLD_TRY_STATUS(walk.run(is_whole ? alike->others() : trie.tree(), true, mask.tokens));
  if (alike == nullptr) shelf.note_walk(set, walk.visited());
  constexpr std::size_t kListedShare = 64;  // a list is shorter than bits
  if (run.length == 0 && mask.tokens.size() < trie.vocabulary() / kListedShare) {
    add_twins(trie, mask.tokens);
    mask.tokens.shrink_to_fit();
    return mask;
  }
  mask.form = TokenMask::Form::kBits;
  if (run.length > 0) {
    const std::span<const std::uint64_t> bits = alike->bits(run.length);
    mask.bits.assign(bits.begin(), bits.end());
  } else {
    mask.bits.assign((trie.vocabulary() + 63) / 64, 0);
  }
  for (const TokenId token : mask.tokens) add_token(mask.bits, token);
  for (const TokenTrie::Twin& twin : trie.twins()) {
    if (has_token(mask.bits, twin.first)) add_token(mask.bits, twin.other);
  }
  mask.tokens = {};
  return mask;
}

bool apply(const TokenMask& mask, const TokenTrie& trie, bool allows_end, std::span<float> logits) {
  const auto is_known = [&](TokenId token) { return static_cast<std::size_t>(token) < logits.size(); };
  if (mask.form == TokenMask::Form::kForbidden) {
    for (const TokenId token : mask.tokens) {
      if (is_known(token)) logits[static_cast<std::size_t>(token)] = kForbidden;
    }
    return true;
  }
  // What is allowed is kept aside, everything is forbidden, and what was kept is put back.
  std::vector<std::pair<TokenId, float>> kept;
  const auto keep = [&](TokenId token) {
    if (is_known(token)) kept.emplace_back(token, logits[static_cast<std::size_t>(token)]);
  };
  if (allows_end) std::for_each(trie.end_tokens().begin(), trie.end_tokens().end(), keep);
  bool has_any = !kept.empty();
  if (mask.form == TokenMask::Form::kListed) {
    std::for_each(mask.tokens.begin(), mask.tokens.end(), keep);
    has_any = !kept.empty();
    std::fill(logits.begin(), logits.end(), kForbidden);
  } else {
    for (std::size_t word = 0; word * 64 < logits.size(); ++word) {
      const std::uint64_t bits = word < mask.bits.size() ? mask.bits[word] : 0;
      has_any = has_any || bits != 0;
      if (bits == ~std::uint64_t{0}) continue;
      const std::span<float> own = logits.subspan(word * 64, std::min<std::size_t>(64, logits.size() - word * 64));
      if (bits == 0) {
        std::fill(own.begin(), own.end(), kForbidden);
        continue;
      }
      for (std::uint64_t rest = ~bits; rest != 0; rest &= rest - 1) {
        const auto index = static_cast<std::size_t>(std::countr_zero(rest));
        if (index < own.size()) own[index] = kForbidden;
      }
    }
  }
  for (const auto& [token, logit] : kept) logits[static_cast<std::size_t>(token)] = logit;
  return has_any;
}

}  // namespace sixfold::engine
