// Recursive descent, one function for each part of the notation.
#include "grammar/gbnf.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "core/utf8.h"
#include "grammar/hex_digit.h"

namespace sixfold::grammar {
namespace {

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '-' || character == '_';
}

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_(text) {}

  Result<Syntax> parse() {
    if (text_.size() > limits::kGrammarBytesMax) {
      return invalid_argument("grammar: {} bytes, want at most {}", text_.size(), limits::kGrammarBytesMax);
    }
    if (!is_valid_utf8(text_)) return invalid_argument("grammar: want UTF-8");
    skip_space(true);
    while (!is_end()) {
      SIXFOLD_TRY_STATUS(parse_rule());
      skip_space(true);
    }
    for (std::size_t index = 0; index < rules_.size(); ++index) {
      if (!is_defined_[index]) {
        at_ = first_use_[index];
        return problem(fmt::format("rule \"{}\" is used and not defined", rules_[index].name));
      }
    }
    const auto root = names_.find("root");
    if (root == names_.end()) return invalid_argument("grammar: no rule \"root\"");
    return Syntax{std::move(rules_), root->second};
  }

 private:
  bool is_end() const { return at_ == text_.size(); }
  char peek() const { return is_end() ? '\0' : text_[at_]; }
  bool take(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  Error problem(std::string_view reason) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    std::size_t column = 1;
    for (const char byte : before.substr(begin)) column += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
    return invalid_argument("grammar: line {}, column {}: {}", line, column, reason);
  }

  std::string found() const {
    if (is_end()) return "the end";
    if (peek() == '\n' || peek() == '\r') return "the end of the line";
    return fmt::format("'{}'", text_.substr(at_, read_utf8(text_.substr(at_)).bytes));
  }

  void skip_space(bool passes_lines) {
    while (!is_end()) {
      if (peek() == '#') {
        while (!is_end() && peek() != '\n') ++at_;
      } else if (peek() == ' ' || peek() == '\t' || (passes_lines && (peek() == '\n' || peek() == '\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  // Whether the rule goes on with '|', perhaps on a later line.
  bool take_bar(bool is_nested) {
    const std::size_t begin = at_;
    skip_space(true);
    if (take("|")) return true;
    if (!is_nested) at_ = begin;
    return false;
  }

  Result<std::uint32_t> parse_name() {
    const std::size_t begin = at_;
    while (!is_end() && is_name_character(peek())) ++at_;
    if (at_ == begin) return problem(fmt::format("want a name, got {}", found()));
    std::string name(text_.substr(begin, at_ - begin));
    const auto [place, is_new] = names_.try_emplace(std::move(name), static_cast<std::uint32_t>(rules_.size()));
    if (is_new) {
      if (rules_.size() == limits::kGrammarRulesMax) {
        return problem(fmt::format("want at most {} rules", limits::kGrammarRulesMax));
      }
      rules_.push_back({place->first, 0, {}});
      first_use_.push_back(begin);
      is_defined_.push_back(false);
    }
    return place->second;
  }

  Status parse_rule() {
    const std::size_t begin = at_;
    SIXFOLD_TRY(const std::uint32_t rule, parse_name());
    if (is_defined_[rule]) {
      at_ = begin;
      return problem(fmt::format("rule \"{}\" is defined twice", rules_[rule].name));
    }
    is_defined_[rule] = true;
    const std::string_view passed = text_.substr(line_at_, begin - line_at_);
    line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
    line_at_ = begin;
    rules_[rule].line = line_;
    skip_space(false);
    if (!take("::=")) return problem(fmt::format("want \"::=\" behind the rule's name, got {}", found()));
    skip_space(true);
    SIXFOLD_TRY(Expression body, parse_choice(0));
    rules_[rule].body = std::move(body);
    skip_space(false);
    if (!is_end() && peek() != '\n' && peek() != '\r' && !begins_rule()) {
      return problem(fmt::format("want the end of the line behind a rule, got {}", found()));
    }
    return ok();
  }

  // depth: groups around it.
  Result<Expression> parse_choice(std::size_t depth) {
    Expression choice;
    choice.kind = Expression::Kind::kChoice;
    do {
      skip_space(true);
      SIXFOLD_TRY(Expression sequence, parse_sequence(depth));
      choice.parts.push_back(std::move(sequence));
    } while (take_bar(depth > 0));
    if (choice.parts.size() == 1) return std::move(choice.parts.front());
    return choice;
  }

  Result<Expression> parse_sequence(std::size_t depth) {
    Expression sequence;
    while (true) {
      skip_space(depth > 0);
      const char next = peek();
      if (is_end() || next == '|' || next == ')' || next == '\n' || next == '\r') break;
      if (depth == 0 && begins_rule()) break;
      if (++elements_ > limits::kGrammarNodesMax) {
        return problem(fmt::format("want at most {} elements", limits::kGrammarNodesMax));
      }
      SIXFOLD_TRY(Expression element, parse_element(depth));
      SIXFOLD_TRY_STATUS(parse_repetitions(element));
      sequence.parts.push_back(std::move(element));
    }
    if (sequence.parts.size() == 1) return std::move(sequence.parts.front());
    return sequence;
  }

  // An alternative that is empty, before the next line's rule: "a ::= b |" and then "c ::= ...".
  bool begins_rule() const {
    const std::size_t before = text_.substr(0, at_).find_last_not_of(" \t");
    if (before != std::string_view::npos && text_[before] != '\n') return false;
    std::size_t at = at_;
    while (at < text_.size() && is_name_character(text_[at])) ++at;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    return text_.substr(at).starts_with("::=");
  }

  Result<Expression> parse_element(std::size_t depth) {
    Expression element;
    switch (peek()) {
      case '"':
        return parse_literal();
      case '[':
        return parse_class();
      case '.':
        ++at_;
        element.kind = Expression::Kind::kSet;
        element.set = CharSet::all();
        return element;
      case '(': {
        if (depth == limits::kGrammarDepthMax) {
          return problem(fmt::format("want at most {} groups in one another", limits::kGrammarDepthMax));
        }
        ++at_;
        SIXFOLD_TRY(element, parse_choice(depth + 1));
        skip_space(true);
        if (!take(")")) return problem(fmt::format("want \")\", got {}", found()));
        return element;
      }
      default:
        break;
    }
    if (!is_name_character(peek())) {
      return problem(fmt::format("want a literal, a class, a rule's name or a group, got {}", found()));
    }
    SIXFOLD_TRY(element.rule, parse_name());
    element.kind = Expression::Kind::kRule;
    return element;
  }

  Result<Expression> parse_literal() {
    Expression literal;
    literal.kind = Expression::Kind::kLiteral;
    ++at_;
    while (peek() != '"') {
      SIXFOLD_TRY(const char32_t character, parse_character("a closing '\"'"));
      append_utf8(literal.text, character);
    }
    ++at_;
    return literal;
  }

  Result<Expression> parse_class() {
    Expression element;
    element.kind = Expression::Kind::kSet;
    const std::size_t begin = at_;
    ++at_;
    const bool is_negated = take("^");
    while (peek() != ']') {
      SIXFOLD_TRY(const char32_t low, parse_character("a closing \"]\""));
      char32_t high = low;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        SIXFOLD_TRY(high, parse_character("a closing \"]\""));
        if (high < low) return problem("a range that runs backwards");
      }
      element.set.add(low, high);
    }
    ++at_;
    if (is_negated) element.set = element.set.inverted();
    if (element.set.is_empty()) {
      at_ = begin;
      return problem("a class without characters");
    }
    return element;
  }

  // One character of a literal or class, which ends with the line at the latest.
  Result<char32_t> parse_character(std::string_view missing) {
    if (is_end() || peek() == '\n') return problem(fmt::format("want {}, got {}", missing, found()));
    if (peek() == '\\') return parse_escape();
    const Utf8Step step = read_utf8(text_.substr(at_));
    at_ += step.bytes;
    return step.code_point;
  }

  Result<char32_t> parse_escape() {
    const std::size_t begin = at_;
    ++at_;
    const char kind = peek();
    if (!is_end()) ++at_;
    switch (kind) {
      case 'n':
        return U'\n';
      case 'r':
        return U'\r';
      case 't':
        return U'\t';
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
        return static_cast<char32_t>(kind);
      case 'x':
        return parse_hex(begin, 2);
      case 'u':
        return parse_hex(begin, 4);
      case 'U':
        return parse_hex(begin, 8);
      default:
        at_ = begin;
        return problem("an escape that is none of \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH \\UHHHHHHHH");
    }
  }

  Result<char32_t> parse_hex(std::size_t begin, std::size_t digits) {
    char32_t character = 0;
    for (std::size_t count = 0; count < digits; ++count) {
      const int digit = hex_digit(peek());
      if (digit < 0) {
        at_ = begin;
        return problem(fmt::format("an escape that wants {} hexadecimal digits", digits));
      }
      character = character * 16 + static_cast<char32_t>(digit);
      ++at_;
    }
    if (character > kCodePointMax || (character >= 0xD800 && character <= 0xDFFF)) {
      at_ = begin;
      return problem("an escape that is no Unicode character");
    }
    return character;
  }

  // The operators behind an element; "a*?" repeats what the one before made.
  Status parse_repetitions(Expression& element) {
    for (std::size_t count = 0;; ++count) {
      std::uint32_t least = 0;
      std::uint32_t most = Expression::kUnlimited;
      if (take("*")) {
      } else if (take("+")) {
        least = 1;
      } else if (take("?")) {
        most = 1;
      } else if (peek() == '{') {
        SIXFOLD_TRY_STATUS(parse_braces(least, most));
      } else {
        return ok();
      }
      if (count == limits::kGrammarDepthMax) return problem("too many repetitions of one element");
      Expression repeat;
      repeat.kind = Expression::Kind::kRepeat;
      repeat.least = least;
      repeat.most = most;
      repeat.parts.push_back(std::move(element));
      element = std::move(repeat);
    }
  }

  Status parse_braces(std::uint32_t& least, std::uint32_t& most) {
    const std::size_t begin = at_;
    ++at_;
    skip_space(false);
    SIXFOLD_TRY(const std::optional<std::uint32_t> first, parse_count());
    skip_space(false);
    const bool has_comma = take(",");
    skip_space(false);
    SIXFOLD_TRY(const std::optional<std::uint32_t> second, parse_count());
    skip_space(false);
    if (!take("}") || (!first && !second) || (!has_comma && second)) {
      at_ = begin;
      return problem("want {m}, {m,}, {,n} or {m,n}");
    }
    least = first.value_or(0);
    most = !has_comma ? least : second.value_or(Expression::kUnlimited);
    if (least <= most) return ok();
    at_ = begin;
    return problem("want a least number of repetitions that is not above the largest");
  }

  Result<std::optional<std::uint32_t>> parse_count() {
    std::uint32_t count = 0;
    const std::size_t begin = at_;
    for (; !is_end() && peek() >= '0' && peek() <= '9'; ++at_) {
      count = count * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (count > limits::kGrammarRepeatMax) {
        return problem(fmt::format("want at most {} repetitions", limits::kGrammarRepeatMax));
      }
    }
    return at_ == begin ? std::optional<std::uint32_t>() : count;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;     // of line_at_
  std::size_t line_at_ = 0;  // where the newest rule begins
  std::size_t elements_ = 0;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::uint32_t> names_;
  std::vector<std::size_t> first_use_;
  std::vector<bool> is_defined_;
};

}  // namespace

Result<Syntax> parse_gbnf(std::string_view text) {
  return GbnfParser(text).parse();
}

}  // namespace sixfold::grammar
