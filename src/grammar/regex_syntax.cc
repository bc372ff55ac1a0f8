// Recursive descent over ECMAScript's grammar of patterns.  Source: ECMA-262, section "Patterns".
#include "grammar/regex_syntax.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "core/utf8.h"
#include "grammar/hex_digit.h"

namespace sixfold::grammar {
namespace {

CharSet digits() {
  return CharSet{{'0', '9'}};
}

CharSet word_characters() {
  return CharSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
}

CharSet spaces() {
  return CharSet{{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                 {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
}

CharSet no_line_ends() {
  return CharSet{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}.inverted();
}

class RegexParser {
 public:
  explicit RegexParser(std::string_view text) : text_(text) {}

  Result<RegexTree> parse() {
    if (text_.size() > limits::kRegexBytesMax) {
      return invalid_argument("{} bytes, want at most {}", text_.size(), limits::kRegexBytesMax);
    }
    if (!is_valid_utf8(text_)) return invalid_argument("want UTF-8");
    SIXFOLD_TRY(RegexTree tree, parse_choice(0));
    if (!is_end()) return problem("a \")\" without its \"(\"");
    if (looks_ahead_ && tree.kind == RegexTree::Kind::kChoice) {
      return problem_at(0, "alternatives beside looking ahead; put them into a group");
    }
    return tree;
  }

 private:
  bool is_end() const { return at_ == text_.size(); }
  char peek() const { return is_end() ? '\0' : text_[at_]; }
  bool take(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  Error problem(std::string_view reason) const { return invalid_argument("position {}: {}", at_, reason); }
  Error problem_at(std::size_t at, std::string_view reason) {
    at_ = at;
    return problem(reason);
  }

  Result<RegexTree> parse_choice(std::size_t depth) {
    if (depth > limits::kGrammarDepthMax) {
      return problem(fmt::format("want at most {} groups in one another", limits::kGrammarDepthMax));
    }
    RegexTree choice;
    choice.kind = RegexTree::Kind::kChoice;
    do {
      SIXFOLD_TRY(RegexTree sequence, parse_sequence(depth));
      choice.parts.push_back(std::move(sequence));
    } while (take("|"));
    if (choice.parts.size() == 1) return std::move(choice.parts.front());
    return choice;
  }

  Result<RegexTree> parse_sequence(std::size_t depth) {
    RegexTree sequence;
    while (!is_end() && peek() != '|' && peek() != ')') {
      SIXFOLD_TRY(RegexTree atom, parse_atom(depth));
      using Kind = RegexTree::Kind;
      const bool is_anchor = atom.kind == Kind::kBegin || atom.kind == Kind::kEnd;
      const bool is_ahead = atom.kind == Kind::kAhead || atom.kind == Kind::kNotAhead;
      const std::size_t begin = at_;
      SIXFOLD_TRY(const bool is_repeated, parse_quantifier(atom));
      if (is_repeated && is_anchor) return problem_at(begin, "a quantifier behind ^ or $");
      if (is_repeated && is_ahead) return problem_at(begin, "a quantifier behind looking ahead");
      sequence.parts.push_back(std::move(atom));
    }
    if (sequence.parts.size() == 1) return std::move(sequence.parts.front());
    return sequence;
  }

  static RegexTree tree_of(CharSet set) {
    RegexTree tree;
    tree.kind = RegexTree::Kind::kSet;
    tree.set = std::move(set);
    return tree;
  }

  Result<RegexTree> parse_atom(std::size_t depth) {
    RegexTree atom;
    switch (peek()) {
      case '^':
        ++at_;
        if (depth == 0 && at_ == 1) head_end_ = at_;
        atom.kind = RegexTree::Kind::kBegin;
        return atom;
      case '$':
        ++at_;
        atom.kind = RegexTree::Kind::kEnd;
        return atom;
      case '.':
        ++at_;
        return tree_of(no_line_ends());
      case '(':
        return parse_group(depth);
      case '[':
        return parse_class();
      case '*':
      case '+':
      case '?':
        return problem("a quantifier with nothing before it");
      case '\\': {
        SIXFOLD_TRY(CharSet set, parse_escape(false));
        return tree_of(std::move(set));
      }
      default:
        break;
    }
    const Utf8Step step = read_utf8(text_.substr(at_));
    at_ += step.bytes;
    return tree_of(CharSet{{step.code_point, step.code_point}});
  }

  Result<RegexTree> parse_group(std::size_t depth) {
    const std::size_t begin = at_;
    ++at_;
    if (take("?")) {
      if (peek() == '=' || peek() == '!') return parse_ahead(begin, depth);
      if (peek() == '<' && at_ + 1 < text_.size() && (text_[at_ + 1] == '=' || text_[at_ + 1] == '!')) {
        return problem_at(begin, "looking behind is not supported");
      }
      if (take("P<") || take("<")) {
        const std::size_t close = text_.find('>', at_);
        if (close == std::string_view::npos) return problem_at(begin, "a group's name without its \">\"");
        at_ = close + 1;
      } else if (!take(":")) {
        return problem_at(begin, "a kind of group that is not supported");
      }
    }
    SIXFOLD_TRY(RegexTree tree, parse_choice(depth + 1));
    if (!take(")")) return problem_at(begin, "a \"(\" without its \")\"");
    return tree;
  }

  // At the beginning of the text, what lies ahead is the whole text, which is one more condition on it; elsewhere it
  // would be one on a part.
  Result<RegexTree> parse_ahead(std::size_t begin, std::size_t depth) {
    if (depth > 0 || begin == 0 || begin != head_end_) {
      return problem_at(begin, "looking ahead is only supported behind ^ at the beginning");
    }
    RegexTree ahead;
    ahead.kind = peek() == '=' ? RegexTree::Kind::kAhead : RegexTree::Kind::kNotAhead;
    ++at_;
    SIXFOLD_TRY(RegexTree tree, parse_choice(depth + 1));
    if (!take(")")) return problem_at(begin, "a \"(\" without its \")\"");
    ahead.parts.push_back(std::move(tree));
    head_end_ = at_;
    looks_ahead_ = true;
    return ahead;
  }

  // True when there was one.
  Result<bool> parse_quantifier(RegexTree& atom) {
    std::uint32_t least = 0;
    std::uint32_t most = RegexTree::kUnlimited;
    if (take("*")) {
    } else if (take("+")) {
      least = 1;
    } else if (take("?")) {
      most = 1;
    } else if (peek() == '{') {
      SIXFOLD_TRY(const bool is_quantifier, parse_braces(least, most));
      if (!is_quantifier) return false;
    } else {
      return false;
    }
    take("?");
    if (peek() == '*' || peek() == '+' || peek() == '?') return problem("a quantifier behind a quantifier");
    RegexTree repeat;
    repeat.kind = RegexTree::Kind::kRepeat;
    repeat.least = least;
    repeat.most = most;
    repeat.parts.push_back(std::move(atom));
    atom = std::move(repeat);
    return true;
  }

  // A "{" that begins no {m}, {m,} or {m,n} stands for itself.
  Result<bool> parse_braces(std::uint32_t& least, std::uint32_t& most) {
    const std::size_t begin = at_;
    ++at_;
    SIXFOLD_TRY(const std::optional<std::uint32_t> first, parse_count());
    const bool has_comma = take(",");
    SIXFOLD_TRY(const std::optional<std::uint32_t> second, parse_count());
    if (!first || !take("}") || (!has_comma && second)) {
      at_ = begin;
      return false;
    }
    least = *first;
    most = has_comma ? second.value_or(RegexTree::kUnlimited) : least;
    if (least > most) return problem_at(begin, "a least number that is above the largest");
    return true;
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

  Result<RegexTree> parse_class() {
    const std::size_t begin = at_;
    ++at_;
    const bool is_negated = take("^");
    CharSet set;
    while (peek() != ']') {
      if (is_end()) return problem_at(begin, "a \"[\" without its \"]\"");
      const std::size_t low_at = at_;
      SIXFOLD_TRY(const CharSet low, parse_class_member());
      set.add(low);
      if (peek() != '-' || at_ + 1 >= text_.size() || text_[at_ + 1] == ']') continue;
      ++at_;
      SIXFOLD_TRY(const CharSet high, parse_class_member());
      const auto single = [](const CharSet& one) {
        return one.ranges().size() == 1 && one.ranges()[0].low == one.ranges()[0].high;
      };
      if (!single(low) || !single(high)) return problem_at(low_at, "a range between what is no single character");
      if (high.ranges()[0].low < low.ranges()[0].low) return problem_at(low_at, "a range that runs backwards");
      set.add(low.ranges()[0].low, high.ranges()[0].low);
    }
    ++at_;
    return tree_of(is_negated ? set.inverted() : set);
  }

  Result<CharSet> parse_class_member() {
    if (is_end()) return problem("a \"[\" without its \"]\"");
    if (peek() == '\\') return parse_escape(true);
    const Utf8Step step = read_utf8(text_.substr(at_));
    at_ += step.bytes;
    return CharSet{{step.code_point, step.code_point}};
  }

  Result<CharSet> parse_escape(bool is_in_class) {
    const std::size_t begin = at_;
    ++at_;
    if (is_end()) return problem_at(begin, "a \"\\\" with nothing behind it");
    const char kind = text_[at_++];
    const auto one = [](char32_t character) { return CharSet{{character, character}}; };
    switch (kind) {
      case 'd':
        return digits();
      case 'D':
        return digits().inverted();
      case 'w':
        return word_characters();
      case 'W':
        return word_characters().inverted();
      case 's':
        return spaces();
      case 'S':
        return spaces().inverted();
      case 't':
        return one('\t');
      case 'n':
        return one('\n');
      case 'v':
        return one('\v');
      case 'f':
        return one('\f');
      case 'r':
        return one('\r');
      case 'b':
        if (is_in_class) return one('\b');
        return problem_at(begin, "word borders (\\b) are not supported");
      case 'B':
        return problem_at(begin, "word borders (\\B) are not supported");
      case 'p':
      case 'P':
        return problem_at(begin, "Unicode properties (\\p) are not supported");
      case 'k':
        return problem_at(begin, "references back are not supported");
      case 'c': {
        const char letter = peek();
        const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
        if (!is_letter) return problem_at(begin, "a \"\\c\" without its letter");
        ++at_;
        return one(static_cast<char32_t>(letter) % 32);
      }
      case 'x':
      case 'u': {
        SIXFOLD_TRY(const char32_t character, parse_hex(begin, kind));
        return one(character);
      }
      default:
        break;
    }
    if (kind == '0' && !(peek() >= '0' && peek() <= '9')) return one(0);
    if (kind >= '0' && kind <= '9') return problem_at(begin, "references back are not supported");
    const bool is_letter = (kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z');
    if (is_letter || static_cast<unsigned char>(kind) >= 0x80)
      return problem_at(begin, "an escape that does not exist");
    return one(static_cast<char32_t>(kind));
  }

  Result<char32_t> parse_hex(std::size_t begin, char kind) {
    char32_t character = 0;
    if (kind == 'u' && take("{")) {
      std::size_t count = 0;
      for (; hex_digit(peek()) >= 0 && count < 8; ++count) {
        character = character * 16 + static_cast<char32_t>(hex_digit(text_[at_++]));
      }
      if (count == 0 || !take("}")) return problem_at(begin, "a \"\\u{\" without its digits and \"}\"");
    } else {
      SIXFOLD_TRY(character, parse_digits(begin, kind == 'x' ? 2 : 4));
      const bool is_high = character >= 0xD800 && character <= 0xDBFF;
      if (is_high && take("\\u")) {
        SIXFOLD_TRY(const char32_t low, parse_digits(begin, 4));
        if (low < 0xDC00 || low > 0xDFFF) return problem_at(begin, "half of a surrogate pair");
        character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
      }
    }
    if (character > kCodePointMax) return problem_at(begin, "an escape that is no Unicode character");
    if (character >= 0xD800 && character <= 0xDFFF) return problem_at(begin, "half of a surrogate pair");
    return character;
  }

  Result<char32_t> parse_digits(std::size_t begin, std::size_t count) {
    char32_t character = 0;
    for (std::size_t digit = 0; digit < count; ++digit) {
      if (hex_digit(peek()) < 0) return problem_at(begin, fmt::format("want {} hexadecimal digits", count));
      character = character * 16 + static_cast<char32_t>(hex_digit(text_[at_++]));
    }
    return character;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t head_end_ = 0;  // of a ^ at the beginning, and of what looks ahead behind it; 0: there is none
  bool looks_ahead_ = false;
};

}  // namespace

Result<RegexTree> parse_regex(std::string_view pattern) {
  return RegexParser(pattern).parse();
}

}  // namespace sixfold::grammar
