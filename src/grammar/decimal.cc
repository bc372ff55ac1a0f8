// Reading, comparing and writing decimals digit by digit.
#include "grammar/decimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace sixfold::grammar {
namespace {

// text: digits with an optional sign, point and exponent, as fmt writes numbers.
Decimal parse_decimal(std::string_view text) {
  Decimal decimal;
  if (text.starts_with('-')) {
    decimal.is_negative = true;
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const std::size_t mark = text.find('e'); mark != std::string_view::npos) {
    std::string_view digits = text.substr(mark + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    text = text.substr(0, mark);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  auto before_point = static_cast<std::ptrdiff_t>(point) + exponent;
  if (before_point < 1) {
    digits.insert(0, static_cast<std::size_t>(1 - before_point), '0');
    before_point = 1;
  }
  if (digits.size() < static_cast<std::size_t>(before_point))
    digits.resize(static_cast<std::size_t>(before_point), '0');
  decimal.whole = digits.substr(0, static_cast<std::size_t>(before_point));
  decimal.fraction = digits.substr(static_cast<std::size_t>(before_point));
  decimal.whole.erase(0, std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size() - 1));
  decimal.fraction.erase(decimal.fraction.find_last_not_of('0') + 1);
  if (decimal.is_zero()) decimal.is_negative = false;
  return decimal;
}

std::strong_ordering compare_sizes(const Decimal& left, const Decimal& right) {
  if (left.whole.size() != right.whole.size()) return left.whole.size() <=> right.whole.size();
  if (const int order = left.whole.compare(right.whole); order != 0) return order <=> 0;
  return left.fraction.compare(right.fraction) <=> 0;
}

}  // namespace

Decimal Decimal::negated() const {
  Decimal result = *this;
  result.is_negative = !is_negative && !is_zero();
  return result;
}

std::strong_ordering operator<=>(const Decimal& left, const Decimal& right) {
  if (left.is_negative != right.is_negative) {
    return left.is_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return left.is_negative ? compare_sizes(right, left) : compare_sizes(left, right);
}

Decimal decimal_of(const json::value& number) {
  if (const auto* integer = number.if_int64()) return parse_decimal(fmt::format("{}", *integer));
  if (const auto* integer = number.if_uint64()) return parse_decimal(fmt::format("{}", *integer));
  return parse_decimal(fmt::format("{}", number.get_double()));
}

std::string text_of_number(const json::value& number) {
  if (const auto* integer = number.if_int64()) return fmt::format("{}", *integer);
  if (const auto* integer = number.if_uint64()) return fmt::format("{}", *integer);
  constexpr double kExponentFrom = 1e21;
  constexpr double kExponentBelow = 1e-6;
  const double value = number.get_double();
  if (std::abs(value) >= kExponentFrom || (value != 0 && std::abs(value) < kExponentBelow)) {
    // JavaScript writes no leading zeros in the exponent: 1e-7, where fmt writes 1e-07.
    std::string text = fmt::format("{}", value);
    const std::size_t mark = text.find('e');
    if (mark != std::string::npos && mark + 2 < text.size() && text[mark + 2] == '0') text.erase(mark + 2, 1);
    return text;
  }
  const Decimal decimal = decimal_of(number);
  return (decimal.is_negative ? "-" : "") + decimal.whole + (decimal.fraction.empty() ? "" : "." + decimal.fraction);
}

bool is_within(const NumberBounds& bounds, const Decimal& number) {
  if (bounds.only_integers && !number.is_integer()) return false;
  if (bounds.low && (bounds.is_low_open ? number <= *bounds.low : number < *bounds.low)) return false;
  if (bounds.high && (bounds.is_high_open ? number >= *bounds.high : number > *bounds.high)) return false;
  std::uint64_t rest = 0;
  for (const char digit : number.whole) rest = (rest * 10 + static_cast<std::uint64_t>(digit - '0')) % bounds.multiple;
  return rest == 0;
}

}  // namespace sixfold::grammar
