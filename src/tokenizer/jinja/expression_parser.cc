// Recursive descent over Jinja's expression grammar, lowest precedence first.
#include "tokenizer/jinja/expression_parser.h"

#include <charconv>
#include <string>

namespace sixfold::tokenizer::jinja {
namespace {

Result<ExpressionPtr> parse_unary(TokenCursor& cursor);
Result<ExpressionPtr> parse_not(TokenCursor& cursor);

ExpressionPtr make(ExpressionKind kind, int line, std::string text = {}) {
  auto expression = std::make_unique<Expression>();
  expression->kind = kind;
  expression->line = line;
  expression->text = std::move(text);
  return expression;
}

ExpressionPtr make_literal(int line, Value value) {
  ExpressionPtr expression = make(ExpressionKind::kLiteral, line);
  expression->value = std::move(value);
  return expression;
}

ExpressionPtr make_pair(ExpressionKind kind, int line, std::string text, ExpressionPtr left, ExpressionPtr right) {
  ExpressionPtr expression = make(kind, line, std::move(text));
  expression->children.push_back(std::move(left));
  expression->children.push_back(std::move(right));
  return expression;
}

// "(a, b=c)" behind a callee, filter or test.
Status parse_arguments(TokenCursor& cursor, Expression& call) {
  SIXFOLD_TRY_STATUS(cursor.want_operator("("));
  while (!cursor.take_operator(")")) {
    if (cursor.at(TokenType::kName) && cursor.peek(1).type == TokenType::kOperator && cursor.peek(1).text == "=") {
      std::string name = cursor.next().text;
      cursor.next();
      SIXFOLD_TRY(ExpressionPtr value, parse_expression(cursor));
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      const int line = cursor.peek().line;
      const bool is_named = cursor.take_operator("**");
      const bool is_spread = is_named || cursor.take_operator("*");
      SIXFOLD_TRY(ExpressionPtr value, parse_expression(cursor));
      if (is_spread) {
        ExpressionPtr spread = make(is_named ? ExpressionKind::kSpreadNamed : ExpressionKind::kSpread, line);
        spread->children.push_back(std::move(value));
        value = std::move(spread);
      }
      call.children.push_back(std::move(value));
    }
    if (!cursor.at_operator(")")) SIXFOLD_TRY_STATUS(cursor.want_operator(","));
  }
  return ok();
}

Result<ExpressionPtr> parse_list(TokenCursor& cursor, std::string_view close) {
  ExpressionPtr list = make(ExpressionKind::kList, cursor.peek().line);
  while (!cursor.take_operator(close)) {
    SIXFOLD_TRY(ExpressionPtr item, parse_expression(cursor));
    list->children.push_back(std::move(item));
    if (!cursor.at_operator(close)) SIXFOLD_TRY_STATUS(cursor.want_operator(","));
  }
  return list;
}

Result<ExpressionPtr> parse_dict(TokenCursor& cursor) {
  ExpressionPtr dict = make(ExpressionKind::kDict, cursor.peek().line);
  while (!cursor.take_operator("}")) {
    SIXFOLD_TRY(ExpressionPtr key, parse_expression(cursor));
    SIXFOLD_TRY_STATUS(cursor.want_operator(":"));
    SIXFOLD_TRY(ExpressionPtr value, parse_expression(cursor));
    dict->children.push_back(std::move(key));
    dict->children.push_back(std::move(value));
    if (!cursor.at_operator("}")) SIXFOLD_TRY_STATUS(cursor.want_operator(","));
  }
  return dict;
}

// "(...)": a group, or a tuple, which is a list to us.
Result<ExpressionPtr> parse_parenthesis(TokenCursor& cursor) {
  if (cursor.take_operator(")")) return make(ExpressionKind::kList, cursor.peek().line);
  SIXFOLD_TRY(ExpressionPtr inner, parse_tuple(cursor));
  SIXFOLD_TRY_STATUS(cursor.want_operator(")"));
  return inner;
}

Result<ExpressionPtr> parse_name(TokenCursor& cursor) {
  const Token token = cursor.next();
  const std::string& name = token.text;
  if (name == "true" || name == "True") return make_literal(token.line, Value::boolean(true));
  if (name == "false" || name == "False") return make_literal(token.line, Value::boolean(false));
  if (name == "none" || name == "None") return make_literal(token.line, Value::none());
  return make(ExpressionKind::kName, token.line, name);
}

Result<ExpressionPtr> parse_primary(TokenCursor& cursor) {
  const int line = cursor.peek().line;
  switch (cursor.peek().type) {
    case TokenType::kString: {
      std::string text = cursor.next().text;
      while (cursor.at(TokenType::kString)) text += cursor.next().text;  // adjacent strings join
      return make_literal(line, Value::string(std::move(text)));
    }
    case TokenType::kInteger: {
      const std::string digits = cursor.next().text;
      std::int64_t number = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      return make_literal(line, Value::integer(number));
    }
    case TokenType::kFloat: {
      const std::string digits = cursor.next().text;
      double number = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      return make_literal(line, Value::number(number));
    }
    case TokenType::kName:
      return parse_name(cursor);
    default:
      break;
  }
  if (cursor.take_operator("(")) return parse_parenthesis(cursor);
  if (cursor.take_operator("[")) return parse_list(cursor, "]");
  if (cursor.take_operator("{")) return parse_dict(cursor);
  return cursor.error("an expression");
}

// "[index]" or "[a:b:c]", after the bracket.
Result<ExpressionPtr> parse_subscript(TokenCursor& cursor, ExpressionPtr subject) {
  const int line = cursor.peek().line;
  std::vector<ExpressionPtr> parts(3);
  std::size_t part = 0;
  bool is_slice = false;
  while (!cursor.take_operator("]")) {
    if (cursor.take_operator(":")) {
      is_slice = true;
      if (++part > 2) return cursor.error("at most two \":\" in a slice");
      continue;
    }
    if (parts[part] != nullptr) return cursor.error("\"]\"");
    SIXFOLD_TRY(parts[part], parse_expression(cursor));
  }
  if (!is_slice && parts[0] == nullptr) return cursor.error("an index");
  if (!is_slice) return make_pair(ExpressionKind::kSubscript, line, "", std::move(subject), std::move(parts[0]));
  ExpressionPtr slice = make(ExpressionKind::kSlice, line);
  slice->children.push_back(std::move(subject));
  for (ExpressionPtr& bound : parts) slice->children.push_back(std::move(bound));
  return slice;
}

Result<ExpressionPtr> parse_postfix(TokenCursor& cursor) {
  SIXFOLD_TRY(ExpressionPtr subject, parse_primary(cursor));
  for (int links = 0;; ++links) {
    // Every link is a level of the tree that evaluation descends.
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of members and calls");
    const int line = cursor.peek().line;
    if (cursor.take_operator(".")) {
      if (cursor.at(TokenType::kInteger)) {  // list.0 is list[0]
        SIXFOLD_TRY(ExpressionPtr index, parse_primary(cursor));
        subject = make_pair(ExpressionKind::kSubscript, line, {}, std::move(subject), std::move(index));
        continue;
      }
      ExpressionPtr member = make(ExpressionKind::kAttribute, line);
      SIXFOLD_TRY(member->text, cursor.want_any_name());
      member->children.push_back(std::move(subject));
      subject = std::move(member);
    } else if (cursor.take_operator("[")) {
      SIXFOLD_TRY(subject, parse_subscript(cursor, std::move(subject)));
    } else if (cursor.at_operator("(")) {
      ExpressionPtr call = make(ExpressionKind::kCall, line);
      call->children.push_back(std::move(subject));
      SIXFOLD_TRY_STATUS(parse_arguments(cursor, *call));
      subject = std::move(call);
    } else {
      return subject;
    }
  }
}

// "is [not] name [argument]" as often as it stands there.
Result<ExpressionPtr> parse_tests(TokenCursor& cursor, ExpressionPtr subject) {
  for (int links = 0; cursor.at_name("is"); ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("fewer tests in a row");
    const int line = cursor.next().line;
    const bool is_negated = cursor.take_name("not");
    ExpressionPtr test = make(ExpressionKind::kTest, line);
    SIXFOLD_TRY(test->text, cursor.want_any_name());
    test->children.push_back(std::move(subject));
    if (cursor.at_operator("(")) {
      SIXFOLD_TRY_STATUS(parse_arguments(cursor, *test));
    } else if (cursor.at(TokenType::kString) || cursor.at(TokenType::kInteger) || cursor.at(TokenType::kFloat)) {
      SIXFOLD_TRY(ExpressionPtr argument, parse_primary(cursor));
      test->children.push_back(std::move(argument));
    }
    subject = std::move(test);
    if (is_negated) {
      ExpressionPtr negation = make(ExpressionKind::kNot, line);
      negation->children.push_back(std::move(subject));
      subject = std::move(negation);
    }
  }
  return subject;
}

Result<ExpressionPtr> parse_unary(TokenCursor& cursor) {
  const TokenCursor::Depth depth(cursor);
  if (depth.is_too_deep()) return cursor.error("an expression nested less deeply");
  const int line = cursor.peek().line;
  if (cursor.take_operator("-")) {
    SIXFOLD_TRY(ExpressionPtr operand, parse_unary(cursor));
    ExpressionPtr negative = make(ExpressionKind::kNegative, line);
    negative->children.push_back(std::move(operand));
    return negative;
  }
  if (cursor.take_operator("+")) return parse_unary(cursor);
  SIXFOLD_TRY(ExpressionPtr subject, parse_postfix(cursor));
  if (cursor.take_operator("**")) {
    SIXFOLD_TRY(ExpressionPtr exponent, parse_unary(cursor));
    subject = make_pair(ExpressionKind::kBinary, line, "**", std::move(subject), std::move(exponent));
  }
  SIXFOLD_TRY(subject, parse_filter_chain(cursor, std::move(subject)));
  return parse_tests(cursor, std::move(subject));
}

// Left-associative levels, tightest last.
constexpr int kLevels = 3;
bool is_operator_of_level(const TokenCursor& cursor, int level) {
  if (!cursor.at(TokenType::kOperator)) return false;
  const std::string& text = cursor.peek().text;
  switch (level) {
    case 0:
      return text == "~";
    case 1:
      return text == "+" || text == "-";
    default:
      return text == "*" || text == "/" || text == "//" || text == "%";
  }
}

Result<ExpressionPtr> parse_level(TokenCursor& cursor, int level) {
  if (level == kLevels) return parse_unary(cursor);
  SIXFOLD_TRY(ExpressionPtr left, parse_level(cursor, level + 1));
  for (int links = 0; is_operator_of_level(cursor, level); ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of operators");
    const Token op = cursor.next();
    SIXFOLD_TRY(ExpressionPtr right, parse_level(cursor, level + 1));
    left = make_pair(ExpressionKind::kBinary, op.line, op.text, std::move(left), std::move(right));
  }
  return left;
}

// "a < b == c" means "a < b and b == c" in Python; templates use one comparison, and so we read them left to right.
Result<ExpressionPtr> parse_comparison(TokenCursor& cursor) {
  SIXFOLD_TRY(ExpressionPtr left, parse_level(cursor, 0));
  for (int links = 0;; ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of comparisons");
    const Token& token = cursor.peek();
    const int line = token.line;
    std::string op;
    if (token.type == TokenType::kOperator && (token.text == "==" || token.text == "!=" || token.text == "<" ||
                                               token.text == ">" || token.text == "<=" || token.text == ">=")) {
      op = cursor.next().text;
    } else if (cursor.take_name("in")) {
      op = "in";
    } else if (cursor.at_name("not") && cursor.peek(1).type == TokenType::kName && cursor.peek(1).text == "in") {
      cursor.next();
      cursor.next();
      op = "not in";
    } else {
      return left;
    }
    SIXFOLD_TRY(ExpressionPtr right, parse_level(cursor, 0));
    left = make_pair(ExpressionKind::kBinary, line, op, std::move(left), std::move(right));
  }
}

Result<ExpressionPtr> parse_not(TokenCursor& cursor) {
  const TokenCursor::Depth depth(cursor);
  if (depth.is_too_deep()) return cursor.error("an expression nested less deeply");
  const int line = cursor.peek().line;
  if (!cursor.take_name("not")) return parse_comparison(cursor);
  SIXFOLD_TRY(ExpressionPtr operand, parse_not(cursor));
  ExpressionPtr negation = make(ExpressionKind::kNot, line);
  negation->children.push_back(std::move(operand));
  return negation;
}

Result<ExpressionPtr> parse_and(TokenCursor& cursor) {
  SIXFOLD_TRY(ExpressionPtr left, parse_not(cursor));
  for (int links = 0; cursor.at_name("and"); ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of \"and\"");
    const int line = cursor.next().line;
    SIXFOLD_TRY(ExpressionPtr right, parse_not(cursor));
    left = make_pair(ExpressionKind::kAnd, line, "", std::move(left), std::move(right));
  }
  return left;
}

}  // namespace

Result<ExpressionPtr> parse_or(TokenCursor& cursor) {
  SIXFOLD_TRY(ExpressionPtr left, parse_and(cursor));
  for (int links = 0; cursor.at_name("or"); ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of \"or\"");
    const int line = cursor.next().line;
    SIXFOLD_TRY(ExpressionPtr right, parse_and(cursor));
    left = make_pair(ExpressionKind::kOr, line, "", std::move(left), std::move(right));
  }
  return left;
}

Result<ExpressionPtr> parse_expression(TokenCursor& cursor) {
  const TokenCursor::Depth depth(cursor);
  if (depth.is_too_deep()) return cursor.error("an expression nested less deeply");
  SIXFOLD_TRY(ExpressionPtr value, parse_or(cursor));
  const int line = cursor.peek().line;
  if (!cursor.take_name("if")) return value;
  ExpressionPtr conditional = make(ExpressionKind::kConditional, line);
  SIXFOLD_TRY(ExpressionPtr condition, parse_or(cursor));
  conditional->children.push_back(std::move(value));
  conditional->children.push_back(std::move(condition));
  conditional->children.emplace_back();
  if (cursor.take_name("else")) {
    SIXFOLD_TRY(conditional->children[2], parse_expression(cursor));
  }
  return conditional;
}

Result<ExpressionPtr> parse_tuple(TokenCursor& cursor) {
  SIXFOLD_TRY(ExpressionPtr first, parse_expression(cursor));
  if (!cursor.at_operator(",")) return first;
  ExpressionPtr list = make(ExpressionKind::kList, first->line);
  list->children.push_back(std::move(first));
  while (cursor.take_operator(",")) {
    if (cursor.at_operator(")") || cursor.at(TokenType::kBlockEnd)) break;
    SIXFOLD_TRY(ExpressionPtr item, parse_expression(cursor));
    list->children.push_back(std::move(item));
  }
  return list;
}

Result<ExpressionPtr> parse_filter_chain(TokenCursor& cursor, ExpressionPtr subject) {
  for (int links = 0; cursor.take_operator("|"); ++links) {
    if (links > TokenCursor::kDepthMax) return cursor.error("a shorter chain of filters");
    ExpressionPtr filter = make(ExpressionKind::kFilter, cursor.peek().line);
    SIXFOLD_TRY(filter->text, cursor.want_any_name());
    filter->children.push_back(std::move(subject));
    if (cursor.at_operator("(")) SIXFOLD_TRY_STATUS(parse_arguments(cursor, *filter));
    subject = std::move(filter);
  }
  return subject;
}

}  // namespace sixfold::tokenizer::jinja
