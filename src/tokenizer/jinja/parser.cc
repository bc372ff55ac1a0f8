// Parses the tags of a template.
#include "tokenizer/jinja/parser.h"

#include <algorithm>

#include "tokenizer/jinja/expression_parser.h"
#include "tokenizer/jinja/token_cursor.h"

namespace sixfold::tokenizer::jinja {
namespace {

using Statements = std::vector<Statement>;

class Parser {
 public:
  explicit Parser(const std::vector<Token>& tokens) : cursor_(tokens) {}

  Result<Statements> run() {
    SIXFOLD_TRY(Statements body, parse_body({}));
    if (!cursor_.at(TokenType::kEnd)) return cursor_.error("no further end tag");
    return body;
  }

 private:
  // Statements up to the end of the template, or up to "{% name" for a name in `ends`, which is left in place.
  Result<Statements> parse_body(std::initializer_list<std::string_view> ends) {
    const TokenCursor::Depth depth(cursor_);
    if (depth.is_too_deep()) return cursor_.error("tags nested less deeply");
    Statements body;
    while (!cursor_.at(TokenType::kEnd)) {
      if (cursor_.at(TokenType::kBlockBegin) && cursor_.peek(1).type == TokenType::kName) {
        const std::string& name = cursor_.peek(1).text;
        if (std::find(ends.begin(), ends.end(), name) != ends.end()) return body;
      }
      SIXFOLD_TRY(Statement statement, parse_statement());
      body.push_back(std::move(statement));
    }
    if (ends.size() != 0) return cursor_.error(fmt::format("{{% {} %}}", *(ends.end() - 1)));
    return body;
  }

  Result<Statement> parse_statement() {
    Statement statement;
    statement.line = cursor_.peek().line;
    if (cursor_.at(TokenType::kText)) {
      statement.text = cursor_.next().text;
      return statement;
    }
    if (cursor_.at(TokenType::kExpressionBegin)) {
      cursor_.next();
      statement.kind = StatementKind::kPrint;
      SIXFOLD_TRY(ExpressionPtr value, parse_tuple(cursor_));
      statement.expressions.push_back(std::move(value));
      SIXFOLD_TRY_STATUS(cursor_.want(TokenType::kExpressionEnd, "}}"));
      return statement;
    }
    SIXFOLD_TRY_STATUS(cursor_.want(TokenType::kBlockBegin, "a tag"));
    const std::string name = cursor_.peek().text;
    if (cursor_.take_name("if")) return parse_if(std::move(statement));
    if (cursor_.take_name("for")) return parse_for(std::move(statement));
    if (cursor_.take_name("set")) return parse_set(std::move(statement));
    if (cursor_.take_name("macro")) return parse_macro(std::move(statement));
    if (cursor_.take_name("filter")) return parse_filter_block(std::move(statement));
    if (cursor_.take_name("call")) return parse_call_block(std::move(statement));
    if (cursor_.take_name("generation")) return parse_group(std::move(statement), "endgeneration");
    if (cursor_.take_name("break") || cursor_.take_name("continue")) {
      statement.kind = name == "break" ? StatementKind::kBreak : StatementKind::kContinue;
      if (loop_depth_ == 0) return corrupt_data("line {}: \"{}\" outside of a for tag", statement.line, name);
      SIXFOLD_TRY_STATUS(end_of_tag());
      return statement;
    }
    return cursor_.error("if, for, set, macro, filter, call, generation, break or continue");
  }

  Status end_of_tag() { return cursor_.want(TokenType::kBlockEnd, "%}"); }

  Status end_tag(std::string_view name) {
    SIXFOLD_TRY_STATUS(cursor_.want(TokenType::kBlockBegin, "an end tag"));
    SIXFOLD_TRY_STATUS(cursor_.want_name(name));
    if (name == "endmacro" && cursor_.at(TokenType::kName)) cursor_.next();  // "endmacro name" is allowed
    return end_of_tag();
  }

  // After "if" or "elif".
  Result<Statement> parse_if(Statement statement) {
    statement.kind = StatementKind::kIf;
    SIXFOLD_TRY(ExpressionPtr condition, parse_tuple(cursor_));
    statement.expressions.push_back(std::move(condition));
    SIXFOLD_TRY_STATUS(end_of_tag());
    SIXFOLD_TRY(statement.body, parse_body({"elif", "else", "endif"}));
    const TokenCursor::Depth depth(cursor_);
    if (depth.is_too_deep()) return cursor_.error("fewer elif tags");
    cursor_.next();  // {%
    if (cursor_.take_name("elif")) {
      Statement rest;
      rest.line = cursor_.peek().line;
      SIXFOLD_TRY(rest, parse_if(std::move(rest)));  // reads the endif of all
      statement.otherwise.push_back(std::move(rest));
      return statement;
    }
    if (cursor_.take_name("else")) {
      SIXFOLD_TRY_STATUS(end_of_tag());
      SIXFOLD_TRY(statement.otherwise, parse_body({"endif"}));
      cursor_.next();
    }
    SIXFOLD_TRY_STATUS(cursor_.want_name("endif"));
    SIXFOLD_TRY_STATUS(end_of_tag());
    return statement;
  }

  Status parse_names(std::vector<std::string>& names) {
    const bool is_grouped = cursor_.take_operator("(");
    do {
      SIXFOLD_TRY(std::string name, cursor_.want_any_name());
      names.push_back(std::move(name));
    } while (cursor_.take_operator(","));
    if (is_grouped) SIXFOLD_TRY_STATUS(cursor_.want_operator(")"));
    return ok();
  }

  Result<Statement> parse_for(Statement statement) {
    statement.kind = StatementKind::kFor;
    SIXFOLD_TRY_STATUS(parse_names(statement.names));
    SIXFOLD_TRY_STATUS(cursor_.want_name("in"));
    SIXFOLD_TRY(ExpressionPtr items, parse_or(cursor_));
    statement.expressions.push_back(std::move(items));
    statement.expressions.emplace_back();
    if (cursor_.take_name("if")) {
      SIXFOLD_TRY(statement.expressions[1], parse_expression(cursor_));
    }
    if (cursor_.at_name("recursive")) return cursor_.error("%} (recursive loops are not supported)");
    SIXFOLD_TRY_STATUS(end_of_tag());
    ++loop_depth_;
    SIXFOLD_TRY(statement.body, parse_body({"else", "endfor"}));
    --loop_depth_;
    cursor_.next();
    if (cursor_.take_name("else")) {
      SIXFOLD_TRY_STATUS(end_of_tag());
      SIXFOLD_TRY(statement.otherwise, parse_body({"endfor"}));
      cursor_.next();
    }
    SIXFOLD_TRY_STATUS(cursor_.want_name("endfor"));
    SIXFOLD_TRY_STATUS(end_of_tag());
    return statement;
  }

  Result<Statement> parse_set(Statement statement) {
    statement.kind = StatementKind::kSet;
    SIXFOLD_TRY_STATUS(parse_names(statement.names));
    if (statement.names.size() == 1 && cursor_.take_operator(".")) {
      statement.kind = StatementKind::kSetMember;
      SIXFOLD_TRY(std::string member, cursor_.want_any_name());
      statement.names.push_back(std::move(member));
    }
    if (cursor_.take_operator("=")) {
      SIXFOLD_TRY(ExpressionPtr value, parse_tuple(cursor_));
      statement.expressions.push_back(std::move(value));
      SIXFOLD_TRY_STATUS(end_of_tag());
      return statement;
    }
    if (statement.names.size() != 1) return cursor_.error("\"=\"");
    statement.kind = StatementKind::kSetBlock;
    SIXFOLD_TRY(ExpressionPtr filters, parse_filter_chain(cursor_, nullptr));
    statement.expressions.push_back(std::move(filters));
    SIXFOLD_TRY_STATUS(end_of_tag());
    SIXFOLD_TRY(statement.body, parse_body({"endset"}));
    SIXFOLD_TRY_STATUS(end_tag("endset"));
    return statement;
  }

  Result<Statement> parse_macro(Statement statement) {
    statement.kind = StatementKind::kMacro;
    SIXFOLD_TRY(statement.text, cursor_.want_any_name());
    SIXFOLD_TRY_STATUS(cursor_.want_operator("("));
    while (!cursor_.take_operator(")")) {
      SIXFOLD_TRY(std::string name, cursor_.want_any_name());
      ExpressionPtr fallback;
      if (cursor_.take_operator("=")) {
        SIXFOLD_TRY(fallback, parse_expression(cursor_));
      }
      statement.parameters.emplace_back(std::move(name), std::move(fallback));
      if (!cursor_.at_operator(")")) SIXFOLD_TRY_STATUS(cursor_.want_operator(","));
    }
    SIXFOLD_TRY_STATUS(end_of_tag());
    const int loops = std::exchange(loop_depth_, 0);
    SIXFOLD_TRY(statement.body, parse_body({"endmacro"}));
    loop_depth_ = loops;
    SIXFOLD_TRY_STATUS(end_tag("endmacro"));
    return statement;
  }

  Result<Statement> parse_filter_block(Statement statement) {
    statement.kind = StatementKind::kFilterBlock;
    // The tag's first filter has no "|" before it: read its name and arguments as a chain of one.
    ExpressionPtr first = std::make_unique<Expression>();
    first->kind = ExpressionKind::kFilter;
    first->line = statement.line;
    SIXFOLD_TRY(ExpressionPtr call, parse_or(cursor_));
    SIXFOLD_TRY(first, filter_of_call(std::move(call)));
    statement.expressions.push_back(std::move(first));
    SIXFOLD_TRY_STATUS(end_of_tag());
    SIXFOLD_TRY(statement.body, parse_body({"endfilter"}));
    SIXFOLD_TRY_STATUS(end_tag("endfilter"));
    return statement;
  }

  // Turns "upper", "indent(2)" or "upper | trim", read as an expression, into filters over a null subject.
  Result<ExpressionPtr> filter_of_call(ExpressionPtr call) {
    if (call->kind == ExpressionKind::kFilter) {
      SIXFOLD_TRY(call->children[0], filter_of_call(std::move(call->children[0])));
      return call;
    }
    if (call->kind == ExpressionKind::kName) {
      call->kind = ExpressionKind::kFilter;
      call->children.emplace_back();
      return call;
    }
    if (call->kind == ExpressionKind::kCall && call->children[0]->kind == ExpressionKind::kName) {
      call->kind = ExpressionKind::kFilter;
      call->text = call->children[0]->text;
      call->children[0].reset();
      return call;
    }
    return cursor_.error("a filter");
  }

  Result<Statement> parse_call_block(Statement statement) {
    statement.kind = StatementKind::kCallBlock;
    SIXFOLD_TRY(ExpressionPtr call, parse_expression(cursor_));
    if (call->kind != ExpressionKind::kCall) return cursor_.error("a macro call");
    statement.expressions.push_back(std::move(call));
    SIXFOLD_TRY_STATUS(end_of_tag());
    SIXFOLD_TRY(statement.body, parse_body({"endcall"}));
    SIXFOLD_TRY_STATUS(end_tag("endcall"));
    return statement;
  }

  Result<Statement> parse_group(Statement statement, std::string_view end) {
    statement.kind = StatementKind::kGroup;
    SIXFOLD_TRY_STATUS(end_of_tag());
    SIXFOLD_TRY(statement.body, parse_body({end}));
    SIXFOLD_TRY_STATUS(end_tag(end));
    return statement;
  }

  TokenCursor cursor_;
  int loop_depth_ = 0;
};

}  // namespace

Result<std::vector<Statement>> parse_template(const std::vector<Token>& tokens) {
  return Parser(tokens).run();
}

}  // namespace sixfold::tokenizer::jinja
