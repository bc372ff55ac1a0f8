// Source: GraphQL specification, October 2021, section 2.1; \u{...} of later drafts is read too.
#include "service/graphql/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/utf8.h"

namespace sixfold::service::graphql {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<std::uint32_t> hex_value(std::string_view digits) {
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits) {
    const bool is_lower = c >= 'a' && c <= 'f';
    const bool is_upper = c >= 'A' && c <= 'F';
    if (!is_digit(c) && !is_lower && !is_upper) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : is_lower ? c - 'a' + 10 : c - 'A' + 10);
  }
  return value;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '\n' && text[i] != '\r') continue;
    lines.push_back(text.substr(begin, i - begin));
    if (i + 1 < text.size() && text[i] == '\r' && text[i + 1] == '\n') ++i;
    begin = i + 1;
  }
  return lines;
}

std::size_t indent_of(std::string_view line) {
  const std::size_t indent = line.find_first_not_of(" \t");
  return indent == std::string_view::npos ? line.size() : indent;
}

// What a block string means: common indentation and empty lines at both ends are taken away.
std::string block_text(const std::string& raw) {
  std::vector<std::string_view> lines = lines_of(raw);
  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (indent_of(lines[i]) < lines[i].size()) common = std::min(common, indent_of(lines[i]));
  }
  for (std::size_t i = 1; i < lines.size() && common != std::string_view::npos; ++i) {
    lines[i].remove_prefix(std::min(common, lines[i].size()));
  }
  const auto is_blank = [](std::string_view line) { return indent_of(line) == line.size(); };
  std::size_t begin = 0, end = lines.size();
  while (begin < end && is_blank(lines[begin])) ++begin;
  while (begin < end && is_blank(lines[end - 1])) --end;
  std::string out;
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) out += '\n';
    out += lines[i];
  }
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Outcome<std::vector<Token>> read() {
    while (!error_) {
      skip_blank();
      if (tokens_.size() >= kTokensMax) fail(fmt::format("The document has more than {} tokens.", kTokensMax));
      if (error_) break;
      Token token;
      token.where = here();
      if (at_ == text_.size()) {
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      read_one(token);
      tokens_.push_back(std::move(token));
    }
    return *std::move(error_);
  }

 private:
  Location here() const { return {line_, static_cast<std::uint32_t>(at_ - line_begin_ + 1)}; }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void fail(std::string message) { fail_at(here(), std::move(message)); }
  void fail_at(Location where, std::string message) {
    if (!error_) error_ = error_at(where, "Syntax Error: " + std::move(message));
  }
  // Within comments and strings, where a character may have more than one byte.
  void step() {
    if ((static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++line_begin_;
    ++at_;
  }

  void skip_blank() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' || c == '\r') {
        at_ += c == '\r' && peek(1) == '\n' ? 2 : 1;
        ++line_;
        line_begin_ = at_;
      } else if (c == ' ' || c == '\t' || c == ',') {
        ++at_;
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') step();
      } else if (text_.substr(at_, kByteOrderMark.size()) == kByteOrderMark) {
        for (std::size_t i = 0; i < kByteOrderMark.size(); ++i) step();
      } else {
        return;
      }
    }
  }

  void read_one(Token& token) {
    const char c = text_[at_];
    if (is_letter(c)) {
      token.kind = Token::Kind::kName;
      const std::size_t begin = at_;
      while (is_letter(peek()) || is_digit(peek())) ++at_;
      token.text = text_.substr(begin, at_ - begin);
    } else if (is_digit(c) || c == '-') {
      read_number(token);
    } else if (text_.substr(at_, 3) == "\"\"\"") {
      read_block(token);
    } else if (c == '"') {
      read_string(token);
    } else if (text_.substr(at_, 3) == "...") {
      token.kind = Token::Kind::kSign;
      token.text = "...";
      at_ += 3;
    } else if (std::string_view("!$&()[]{}:=@|").find(c) != std::string_view::npos) {
      token.kind = Token::Kind::kSign;
      token.text = c;
      ++at_;
    } else {
      fail_character();
    }
  }

  void fail_character() {
    const Utf8Step step = read_utf8(text_.substr(at_));
    const auto code = static_cast<std::uint32_t>(step.code_point);
    const std::string_view shown = text_.substr(at_, step.bytes);
    if (code < 0x20 || code == 0x7F) return fail(fmt::format("Unexpected character U+{:04X}.", code));
    if (code >= 0x80) return fail(fmt::format("Unexpected character \"{}\" (U+{:04X}).", shown, code));
    fail(fmt::format("Unexpected character \"{}\"{}.", shown, shown == "'" ? "; strings stand in double quotes" : ""));
  }

  void read_number(Token& token) {
    const std::size_t begin = at_;
    token.kind = Token::Kind::kInt;
    if (peek() == '-') ++at_;
    const auto digits = [this] {
      if (!is_digit(peek())) return fail("A number wants a digit here.");
      while (is_digit(peek())) ++at_;
    };
    if (peek() == '0' && is_digit(peek(1))) {
      ++at_;
      return fail("A number begins with 0.");
    }
    digits();
    if (peek() == '.') {
      token.kind = Token::Kind::kFloat;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      token.kind = Token::Kind::kFloat;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    if (is_letter(peek()) || peek() == '.') fail("A number is followed by a letter or a point.");
    token.text = text_.substr(begin, at_ - begin);
  }

  void read_block(Token& token) {
    token.kind = Token::Kind::kString;
    at_ += 3;
    std::string raw;
    while (text_.substr(at_, 3) != "\"\"\"") {
      if (at_ >= text_.size()) return fail("Unterminated string.");
      if (text_.substr(at_, 4) == "\\\"\"\"") {
        raw += "\"\"\"";
        at_ += 4;
        continue;
      }
      const char c = text_[at_];
      step();
      raw += c;
      if (c == '\n' || (c == '\r' && peek() != '\n')) {
        ++line_;
        line_begin_ = at_;
      }
    }
    at_ += 3;
    token.text = block_text(raw);
  }

  void read_string(Token& token) {
    token.kind = Token::Kind::kString;
    ++at_;
    while (peek() != '"' || at_ >= text_.size()) {
      if (at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r') return fail("Unterminated string.");
      if (text_[at_] == '\\') {
        read_escape(token.text);
        if (error_) return;
      } else {
        token.text += text_[at_];
        step();
      }
    }
    ++at_;
  }

  void read_escape(std::string& out) {
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const Location where = here();
    const char c = peek(1);
    at_ += 2;
    if (const std::size_t found = kFrom.find(c); c != '\0' && found != std::string_view::npos) {
      out += kTo[found];
      return;
    }
    if (c != 'u') return fail_at(where, "Unknown escape in a string.");
    const auto is_surrogate = [](std::uint32_t code) { return code >= 0xD800 && code < 0xE000; };
    std::optional<std::uint32_t> code = peek() == '{' ? read_any_code() : read_short_code();
    // Two short ones, the second of which is not written in braces either, may be one character.
    if (code && *code < 0xDC00 && is_surrogate(*code) && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const auto low = read_short_code();
      code = low && *low >= 0xDC00 && is_surrogate(*low)
                 ? std::optional(0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00))
                 : std::nullopt;
    }
    if (!code || *code > 0x10FFFF || is_surrogate(*code)) return fail_at(where, "Wrong \\u escape in a string.");
    append_utf8(out, static_cast<char32_t>(*code));
  }

  // XXXX
  std::optional<std::uint32_t> read_short_code() {
    const std::string_view digits = text_.substr(at_, 4);
    if (digits.size() < 4) return std::nullopt;
    at_ += 4;
    return hex_value(digits);
  }

  // {X...}, of a character, not of half a pair.
  std::optional<std::uint32_t> read_any_code() {
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const auto code = hex_value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return code && (*code < 0xD800 || *code >= 0xE000) ? code : std::nullopt;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;  // as if each character of the line so far had one byte
  std::uint32_t line_ = 1;
  std::vector<Token> tokens_;
  std::optional<GraphqlError> error_;
};

}  // namespace

Outcome<std::vector<Token>> read_tokens(std::string_view text) {
  return Lexer(text).read();
}

}  // namespace sixfold::service::graphql
