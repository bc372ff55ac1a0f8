// Splits a template into text and tag tokens.
#include "tokenizer/jinja/lexer.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace sixfold::tokenizer::jinja {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

void strip_right(std::string& text) {
  while (!text.empty() && is_space(text.back())) text.pop_back();
}

// lstrip_blocks: blanks between the start of a line and a block tag go.
void strip_line_start(std::string& text, bool is_at_source_start) {
  std::size_t end = text.size();
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  if (end == 0 ? is_at_source_start : text[end - 1] == '\n') text.resize(end);
}

constexpr std::array<std::string_view, 7> kLongOperators = {"==", "!=", "<=", ">=", "//", "**", "->"};
constexpr std::string_view kOperators = "+-*/%~<>=.,:;|()[]{}";

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) SIXFOLD_TRY_STATUS(step());
    emit(TokenType::kEnd, "");
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  void skip(std::size_t count) {
    for (std::size_t i = 0; i < count && at_ < source_.size(); ++i) line_ += source_[at_++] == '\n' ? 1 : 0;
  }

  void emit(TokenType type, std::string text) { tokens_.push_back({type, std::move(text), line_}); }
  Error error(std::string_view what) const { return corrupt_data("line {}: {}", line_, what); }

  // Text up to the next tag, then the tag.
  Status step() {
    std::size_t tag = at_;
    while (true) {
      tag = source_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 >= source_.size()) {
        tag = source_.size();
        break;
      }
      const char next = source_[tag + 1];
      if (next == '{' || next == '%' || next == '#') break;
      ++tag;
    }
    std::string text(source_.substr(at_, tag - at_));
    const bool is_at_source_start = at_ == 0;
    if (trims_next_text_) text.erase(0, std::min(text.find_first_not_of(" \t\n\r\v\f"), text.size()));
    skip(tag - at_);
    const char kind = peek(1);
    const char modifier = peek(2);
    const bool is_tag = at_ < source_.size();
    if (is_tag && modifier == '-') {
      strip_right(text);
    } else if (is_tag && kind != '{' && modifier != '+') {
      strip_line_start(text, is_at_source_start || text_follows_newline_);
    }
    if (!text.empty()) emit(TokenType::kText, std::move(text));
    trims_next_text_ = false;
    text_follows_newline_ = false;
    if (!is_tag) return ok();
    if (kind == '#') return skip_comment();
    skip(modifier == '-' || modifier == '+' ? 3 : 2);
    if (kind == '%' && is_raw_tag()) return read_raw();
    emit(kind == '%' ? TokenType::kBlockBegin : TokenType::kExpressionBegin, "");
    return read_tag(kind == '%' ? '%' : '}');
  }

  // After a closing tag whose modifier stands at at_ - 3.
  void after_close(bool trims_all, bool is_block, bool keeps_newline) {
    trims_next_text_ = trims_all;
    if (trims_all || !is_block || keeps_newline) return;
    if (peek() == '\r' && peek(1) == '\n') skip(1);
    if (peek() == '\n') {
      skip(1);  // trim_blocks
      text_follows_newline_ = true;
    }
  }

  Status skip_comment() {
    const std::size_t end = source_.find("#}", at_ + 2);
    if (end == std::string_view::npos) return error("comment without #}");
    const bool trims = source_[end - 1] == '-';
    skip(end + 2 - at_);
    after_close(trims, true, false);
    return ok();
  }

  // At "raw %}" or "raw -%}" after "{%"?
  bool is_raw_tag() const {
    const std::size_t name = source_.find_first_not_of(" \t\n\r", at_);
    if (name == std::string_view::npos || source_.substr(name, 3) != "raw") return false;
    const std::size_t end = source_.find_first_not_of(" \t\n\r", name + 3);
    return end != std::string_view::npos && (source_.substr(end, 2) == "%}" || source_.substr(end, 3) == "-%}");
  }

  Status read_raw() {
    const std::size_t open_end = source_.find("%}", at_) + 2;
    const bool trims_start = source_[open_end - 3] == '-';
    skip(open_end - at_);
    after_close(trims_start, true, false);
    std::size_t close = source_.find("{%", at_);
    while (close != std::string_view::npos) {
      std::size_t name = close + 2;
      if (name < source_.size() && (source_[name] == '-' || source_[name] == '+')) ++name;
      name = source_.find_first_not_of(" \t\n\r", name);
      if (name != std::string_view::npos && source_.substr(name, 6) == "endraw") break;
      close = source_.find("{%", close + 2);
    }
    if (close == std::string_view::npos) return error("raw without endraw");
    std::string text(source_.substr(at_, close - at_));
    if (trims_next_text_) text.erase(0, std::min(text.find_first_not_of(" \t\n\r\v\f"), text.size()));
    if (source_.substr(close, 3) == "{%-") strip_right(text);
    const std::size_t end = source_.find("%}", close);
    if (end == std::string_view::npos) return error("endraw without %}");
    const bool trims_end = source_[end - 1] == '-';
    if (!text.empty()) emit(TokenType::kText, std::move(text));
    skip(end + 2 - at_);
    after_close(trims_end, true, false);
    return ok();
  }

  // The inside of {% %} or {{ }}, and its end.
  Status read_tag(char close) {
    std::size_t open_braces = 0;
    while (at_ < source_.size()) {
      const char c = peek();
      if (is_space(c)) {
        skip(1);
        continue;
      }
      const bool has_modifier = (c == '-' || c == '+') && peek(1) == close && peek(2) == '}';
      if (open_braces == 0 && (has_modifier || (c == close && peek(1) == '}'))) {
        emit(close == '%' ? TokenType::kBlockEnd : TokenType::kExpressionEnd, "");
        skip(has_modifier ? 3 : 2);
        after_close(has_modifier && c == '-', close == '%', has_modifier && c == '+');
        return ok();
      }
      if (c == '{') ++open_braces;
      if (c == '}' && open_braces > 0) --open_braces;
      SIXFOLD_TRY_STATUS(read_token());
    }
    return error(close == '%' ? "block tag without %}" : "expression without }}");
  }

  Status read_token() {
    const char c = peek();
    if (is_name_start(c)) {
      std::size_t end = at_;
      while (end < source_.size() && (is_name_start(source_[end]) || is_digit(source_[end]))) ++end;
      emit(TokenType::kName, std::string(source_.substr(at_, end - at_)));
      skip(end - at_);
      return ok();
    }
    if (is_digit(c)) return read_number();
    if (c == '"' || c == '\'') return read_string(c);
    for (const std::string_view op : kLongOperators) {
      if (source_.substr(at_, 2) == op) {
        emit(TokenType::kOperator, std::string(op));
        skip(2);
        return ok();
      }
    }
    if (kOperators.find(c) == std::string_view::npos) return error(fmt::format("unexpected character \"{}\"", c));
    emit(TokenType::kOperator, std::string(1, c));
    skip(1);
    return ok();
  }

  Status read_number() {
    std::size_t end = at_;
    bool is_float = false;
    while (end < source_.size() && (is_digit(source_[end]) || source_[end] == '_')) ++end;
    if (end + 1 < source_.size() && source_[end] == '.' && is_digit(source_[end + 1])) {
      is_float = true;
      ++end;
      while (end < source_.size() && is_digit(source_[end])) ++end;
    }
    std::string digits(source_.substr(at_, end - at_));
    std::erase(digits, '_');
    if (digits.size() > 18) return error("number with more than 18 digits");
    emit(is_float ? TokenType::kFloat : TokenType::kInteger, std::move(digits));
    skip(end - at_);
    return ok();
  }

  Status read_string(char quote) {
    std::string text;
    std::size_t i = at_ + 1;
    for (; i < source_.size() && source_[i] != quote; ++i) {
      if (source_[i] != '\\' || i + 1 >= source_.size()) {
        text += source_[i];
        continue;
      }
      const char escaped = source_[++i];
      switch (escaped) {
        case 'n':
          text += '\n';
          break;
        case 't':
          text += '\t';
          break;
        case 'r':
          text += '\r';
          break;
        case '\\':
        case '\'':
        case '"':
          text += escaped;
          break;
        case 'u': {
          SIXFOLD_TRY(const unsigned code, read_hex(i + 1));
          append_utf8(text, code);
          i += 4;
          break;
        }
        default:
          text += '\\';
          text += escaped;
      }
    }
    if (i >= source_.size()) return error("string without its closing quote");
    emit(TokenType::kString, std::move(text));
    skip(i + 1 - at_);
    return ok();
  }

  Result<unsigned> read_hex(std::size_t begin) const {
    unsigned code = 0;
    for (std::size_t i = begin; i < begin + 4; ++i) {
      const char c = i < source_.size() ? source_[i] : 'x';
      const int digit =
          is_digit(c) ? c - '0' : (c >= 'a' && c <= 'f' ? c - 'a' + 10 : (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1));
      if (digit < 0) return error("\\u wants four hexadecimal digits");
      code = code * 16 + static_cast<unsigned>(digit);
    }
    return code;
  }

  static void append_utf8(std::string& text, unsigned code) {
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0 | (code >> 6));
      text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      text += static_cast<char>(0xE0 | (code >> 12));
      text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool trims_next_text_ = false;
  bool text_follows_newline_ = false;  // the newline before this text was taken by trim_blocks
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize_template(std::string_view source) {
  if (source.ends_with('\n')) source.remove_suffix(source.ends_with("\r\n") ? 2 : 1);
  return Lexer(source).run();
}

}  // namespace sixfold::tokenizer::jinja
