// The parser's place in the token list.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "tokenizer/jinja/lexer.h"

namespace sixfold::tokenizer::jinja {

class TokenCursor {
 public:
  explicit TokenCursor(const std::vector<Token>& tokens) : tokens_(tokens) {}

  const Token& peek(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : tokens_.back();
  }
  Token next() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool at(TokenType type) const { return peek().type == type; }
  bool at_operator(std::string_view text) const { return at(TokenType::kOperator) && peek().text == text; }
  bool at_name(std::string_view text) const { return at(TokenType::kName) && peek().text == text; }
  bool take_operator(std::string_view text) {
    if (!at_operator(text)) return false;
    next();
    return true;
  }
  bool take_name(std::string_view text) {
    if (!at_name(text)) return false;
    next();
    return true;
  }
  Status want_operator(std::string_view text) {
    if (!take_operator(text)) return error(fmt::format("\"{}\"", text));
    return ok();
  }
  Status want_name(std::string_view text) {
    if (!take_name(text)) return error(fmt::format("\"{}\"", text));
    return ok();
  }
  Result<std::string> want_any_name() {
    if (!at(TokenType::kName)) return error("a name");
    return next().text;
  }
  Status want(TokenType type, std::string_view what) {
    if (!at(type)) return error(what);
    next();
    return ok();
  }

  Error error(std::string_view wanted) const {
    const Token& token = peek();
    const std::string got = token.type == TokenType::kEnd             ? "the end of the template"
                            : token.type == TokenType::kBlockEnd      ? "%}"
                            : token.type == TokenType::kExpressionEnd ? "}}"
                            : token.type == TokenType::kText          ? "text"
                                                                      : "\"" + token.text + "\"";
    return corrupt_data("line {}: want {}, got {}", token.line, wanted, got);
  }

  // Guards recursion; false when nested too deep.
  class Depth {
   public:
    explicit Depth(TokenCursor& cursor) : cursor_(cursor) { ++cursor_.depth_; }
    ~Depth() { --cursor_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    bool is_too_deep() const { return cursor_.depth_ > kDepthMax; }

   private:
    TokenCursor& cursor_;
  };

  static constexpr int kDepthMax = 100;

 private:
  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace sixfold::tokenizer::jinja
