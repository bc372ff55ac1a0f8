// Number ranges: automata that compare digits with a bound while they are read, intersected.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grammar/decimal.h"
#include "grammar/regex.h"

namespace sixfold::grammar {
namespace {

// Which results of comparing with a bound are wanted.
struct Wanted {
  bool less = false, equal = false, greater = false;
};

// Digits with an optional point and fraction, compared with a bound that is not negative.  Leading zeros are not
// expected: the form of the number is another automaton's business.
class Comparison {
 public:
  Comparison(const Decimal& bound, Wanted wanted) : bound_(bound), wanted_(wanted) {}

  Dfa build() {
    const std::size_t digits = bound_.whole.size();
    // States: [order][digits read], then one for longer numbers, then those of the fraction.
    fraction_begin_ = static_cast<std::uint32_t>(kOrders * (digits + 1) + 1);
    dfa_.states.resize(fraction_begin_ + 2 + bound_.fraction.size() + 1);
    for (std::size_t order = 0; order < kOrders; ++order) {
      for (std::size_t read = 0; read <= digits; ++read) add_whole(static_cast<Order>(order), read);
    }
    add_digits(longer(), '0', '9', longer());
    add_point(longer(), kGreater);
    dfa_.states[longer()].accepts = wanted_.greater;
    for (const Order decided : {kLess, kGreater}) {
      add_digits(fraction_decided(decided), '0', '9', fraction_decided(decided));
      dfa_.states[fraction_decided(decided)].accepts = decided == kLess ? wanted_.less : wanted_.greater;
    }
    for (std::size_t read = 0; read <= bound_.fraction.size(); ++read) add_fraction(read);
    for (Dfa::State& state : dfa_.states) {
      std::sort(state.edges.begin(), state.edges.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
    }
    return std::move(dfa_);
  }

 private:
  enum Order : std::uint32_t { kEqual, kLess, kGreater };  // of what was read, to as much of the bound
  static constexpr std::size_t kOrders = 3;

  std::uint32_t whole(Order order, std::size_t read) const {
    return static_cast<std::uint32_t>(order * (bound_.whole.size() + 1) + read);
  }
  std::uint32_t longer() const { return fraction_begin_ - 1; }
  std::uint32_t fraction_decided(Order order) const { return fraction_begin_ + (order == kLess ? 0 : 1); }
  std::uint32_t fraction_equal(std::size_t read) const {
    return fraction_begin_ + 2 + static_cast<std::uint32_t>(read);
  }

  void add_digits(std::uint32_t state, char low, char high, std::uint32_t next) {
    if (low > high) return;
    dfa_.states[state].edges.push_back({static_cast<char32_t>(low), static_cast<char32_t>(high), next});
  }
  void add_point(std::uint32_t state, Order order) {
    dfa_.states[state].edges.push_back({'.', '.', order == kEqual ? fraction_equal(0) : fraction_decided(order)});
  }

  void add_whole(Order order, std::size_t read) {
    const std::uint32_t state = whole(order, read);
    const std::size_t digits = bound_.whole.size();
    if (read == digits) {
      add_digits(state, '0', '9', longer());
    } else if (order == kEqual) {
      const char digit = bound_.whole[read];
      add_digits(state, '0', static_cast<char>(digit - 1), whole(kLess, read + 1));
      add_digits(state, digit, digit, whole(kEqual, read + 1));
      add_digits(state, static_cast<char>(digit + 1), '9', whole(kGreater, read + 1));
    } else {
      add_digits(state, '0', '9', whole(order, read + 1));
    }
    if (read == 0) return;
    const Order ended = read < digits ? kLess : order;  // fewer digits: smaller
    add_point(state, ended);
    dfa_.states[state].accepts = accepts(ended, bound_.fraction.empty());
  }

  void add_fraction(std::size_t read) {
    const std::uint32_t state = fraction_equal(read);
    const bool is_over = read == bound_.fraction.size();
    const char digit = is_over ? '0' : bound_.fraction[read];
    add_digits(state, '0', static_cast<char>(digit - 1), fraction_decided(kLess));
    add_digits(state, digit, digit, is_over ? state : fraction_equal(read + 1));
    add_digits(state, static_cast<char>(digit + 1), '9', fraction_decided(kGreater));
    dfa_.states[state].accepts = accepts(kEqual, is_over);
  }

  // is_over: nothing but zeros is left of the bound.
  bool accepts(Order order, bool is_over) const {
    if (order == kGreater) return wanted_.greater;
    return order == kEqual && is_over ? wanted_.equal : wanted_.less;
  }

  const Decimal& bound_;
  const Wanted wanted_;
  std::uint32_t fraction_begin_ = 0;
  Dfa dfa_;
};

Dfa dfa_of_multiples(std::uint64_t of) {
  Dfa dfa;
  dfa.states.resize(of);
  dfa.states[0].accepts = true;
  for (std::uint64_t rest = 0; rest < of; ++rest) {
    for (char32_t digit = '0'; digit <= '9'; ++digit) {
      dfa.states[rest].edges.push_back({digit, digit, static_cast<std::uint32_t>((rest * 10 + digit - '0') % of)});
    }
  }
  return dfa;
}

// How a number without its sign is written.
Result<Dfa> dfa_of_form(const NumberBounds& bounds) {
  std::size_t whole = bounds.only_integers ? 18 : 21;
  std::size_t fraction = bounds.only_integers ? 0 : 20;
  struct Side {
    const std::optional<Decimal>& bound;
    bool is_open;
  };
  for (const Side& side : {Side{bounds.low, bounds.is_low_open}, Side{bounds.high, bounds.is_high_open}}) {
    if (!side.bound) continue;
    whole = std::max(whole, side.bound->whole.size());
    if (bounds.only_integers) continue;
    // A double tells decimals of 15 digits apart.
    constexpr std::size_t kExactDigits = 15;
    if (side.is_open && !side.bound->is_zero()) {
      fraction = std::min(fraction, kExactDigits - std::min(kExactDigits, side.bound->whole.size()));
    } else {
      fraction = std::max(fraction, side.bound->fraction.size());
    }
  }
  std::string form = fmt::format("(0|[1-9][0-9]{{0,{}}})", whole - 1);
  if (fraction > 0) form += fmt::format("(\\.[0-9]{{1,{}}})?", fraction);
  return dfa_of_regex(form, RegexUse::kWhole);
}

// Numbers without a sign between two bounds, where a negative one bounds nothing (low) or everything (high).
struct Side {
  std::optional<Decimal> low, high;
  bool is_low_open = false, is_high_open = false;
};

Result<Dfa> dfa_of_side(Dfa numbers, const Side& side, std::uint64_t multiple) {
  if (side.high && side.high->is_negative) return Dfa{{Dfa::State{}}};
  if (side.low && !side.low->is_negative) {
    const Wanted wanted{.less = false, .equal = !side.is_low_open, .greater = true};
    SIXFOLD_TRY(numbers, intersect(numbers, Comparison(*side.low, wanted).build()));
  }
  if (side.high) {
    const Wanted wanted{.less = true, .equal = !side.is_high_open, .greater = false};
    SIXFOLD_TRY(numbers, intersect(numbers, Comparison(*side.high, wanted).build()));
  }
  if (multiple > 1) {
    SIXFOLD_TRY(numbers, intersect(numbers, dfa_of_multiples(multiple)));
  }
  return numbers;
}

// Texts of `plain`, and those of `signed_part` behind a minus.
Dfa with_sign(const Dfa& plain, const Dfa& signed_part) {
  Dfa dfa = plain;
  const auto offset = static_cast<std::uint32_t>(dfa.states.size());
  for (Dfa::State state : signed_part.states) {
    for (Dfa::Edge& edge : state.edges) edge.next += offset;
    dfa.states.push_back(std::move(state));
  }
  dfa.states[0].edges.insert(dfa.states[0].edges.begin(), {'-', '-', offset});
  return reduced(dfa);
}

}  // namespace

Result<Dfa> dfa_of_numbers(const NumberBounds& bounds) {
  SIXFOLD_TRY(const Dfa form, dfa_of_form(bounds));
  const Side above{bounds.low, bounds.high, bounds.is_low_open, bounds.is_high_open};
  SIXFOLD_TRY(const Dfa plain, dfa_of_side(form, above, bounds.multiple));
  Side below{std::nullopt, std::nullopt, bounds.is_high_open, bounds.is_low_open};
  if (bounds.high) below.low = bounds.high->negated();
  if (bounds.low) below.high = bounds.low->negated();
  if (!below.low || below.low->is_negative || below.low->is_zero()) {
    below.low = Decimal();
    below.is_low_open = true;
  }
  SIXFOLD_TRY(const Dfa negative, dfa_of_side(form, below, bounds.multiple));
  return with_sign(plain, negative);
}

}  // namespace sixfold::grammar
