// Decimal numbers of any length, for bounds that must hold to the last digit.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "core/json.h"
#include "grammar/dfa.h"

namespace sixfold::grammar {

struct Decimal {
  bool is_negative = false;  // never of 0
  std::string whole = "0";   // digits without leading zeros
  std::string fraction;      // digits without trailing zeros

  bool is_zero() const { return whole == "0" && fraction.empty(); }
  bool is_integer() const { return fraction.empty(); }
  Decimal negated() const;
};

std::strong_ordering operator<=>(const Decimal& left, const Decimal& right);
inline bool operator==(const Decimal& left, const Decimal& right) {
  return (left <=> right) == std::strong_ordering::equal;
}

// Of a number: for a double, the shortest decimal that is read as it.
Decimal decimal_of(const json::value& number);

// The number as JSON.stringify writes it.
std::string text_of_number(const json::value& number);

struct NumberBounds {
  bool only_integers = false;
  std::optional<Decimal> low, high;
  bool is_low_open = false, is_high_open = false;  // the bound itself is not allowed
  std::uint64_t multiple = 1;                      // of which the number is one; above 1 only with only_integers
};

bool is_within(const NumberBounds& bounds, const Decimal& number);

// The numbers within the bounds, as JSON writes them without exponents.  Integers have up to 18 digits, others up to 21
// and as many behind the point (fewer beside an open bound, where a number could else be rounded onto it), or as many
// as the bounds have.  "-0" is left out.  Errors: resource_exhausted.
Result<Dfa> dfa_of_numbers(const NumberBounds& bounds);

}  // namespace sixfold::grammar
