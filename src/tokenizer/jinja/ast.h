// The parsed template: expressions and statements.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/jinja/value.h"

namespace sixfold::tokenizer::jinja {

enum class ExpressionKind {
  kLiteral,    // value
  kName,       // text
  kList,       // children
  kDict,       // children: key, value, key, value ...
  kAttribute,  // children[0].text
  kSubscript,  // children[0][children[1]]
  kSlice,      // children[0][children[1] : children[2] : children[3]], absent ones are null
  kCall,       // children[0](children[1...], named)
  kFilter,     // children[0] | text(children[1...], named)
  kTest,       // children[0] is text(children[1...])
  kNot,        // children[0]
  kNegative,   // children[0]
  kBinary,     // children[0] text children[1]
  kAnd,
  kOr,
  kSpread,       // of a call's arguments: *children[0]
  kSpreadNamed,  // **children[0]
  kConditional,  // children[0] if children[1] else children[2] (may be null)
};

struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  int line = 0;
  std::string text;
  Value value;
  std::vector<std::unique_ptr<Expression>> children;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
};
using ExpressionPtr = std::unique_ptr<Expression>;

enum class StatementKind {
  kText,         // text
  kPrint,        // expressions[0]
  kIf,           // expressions[0]; body; otherwise
  kFor,          // names in expressions[0] if expressions[1] (may be null); body; otherwise
  kSet,          // names = expressions[0]
  kSetBlock,     // names[0] = body, through filters
  kSetMember,    // names[0].names[1] = expressions[0]
  kMacro,        // text(parameters); body
  kFilterBlock,  // body, through expressions[0] whose innermost child is null
  kCallBlock,    // expressions[0], a call; its caller() is the body
  kGroup,        // body
  kBreak,
  kContinue,
};

struct Statement {
  StatementKind kind = StatementKind::kText;
  int line = 0;
  std::string text;
  std::vector<std::string> names;
  std::vector<ExpressionPtr> expressions;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  // of a macro, with defaults (null: none)
  std::vector<Statement> body;
  std::vector<Statement> otherwise;
};

}  // namespace sixfold::tokenizer::jinja
