// Runs a parsed template.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer::jinja {

// One rendering; one thread.  The statements must outlive it.
class Interpreter {
 public:
  Interpreter(Dict globals, const RenderLimits& limits);

  Result<std::string> run(const std::vector<Statement>& statements);

 private:
  enum class Flow { kNext, kBreak, kContinue };
  using Scope = Dict;

  // Expressions (evaluate.cc).
  Result<Value> evaluate(const Expression& expression);
  Result<Value> evaluate_kind(const Expression& expression);
  Result<Value> evaluate_binary(const Expression& expression);
  Result<Value> evaluate_subscript(const Value& subject, const Value& index);
  Result<Value> evaluate_attribute(const Expression& expression);
  Result<Value> evaluate_call(const Expression& expression);
  Result<Value> evaluate_filter(const Expression& expression, const Value* subject);
  Result<Value> evaluate_or_undefined(const ExpressionPtr& expression);
  Status evaluate_arguments(const Expression& expression, std::size_t first, Arguments& arguments);
  Value look_up(std::string_view name) const;

  // Statements (execute.cc).
  Result<Flow> execute(const std::vector<Statement>& statements);
  Result<Flow> execute_one(const Statement& statement);
  Result<Flow> execute_for(const Statement& statement);
  Result<std::vector<Value>> items_of_loop(const Statement& statement);
  Status bind_names(const std::vector<std::string>& names, const Value& value);
  Status define_macro(const Statement& statement);
  Status run_filter_block(const Statement& statement);
  Status run_call_block(const Statement& statement);
  Result<Value> call_macro(const Statement& macro, const Arguments& arguments);
  Result<std::string> capture(const std::vector<Statement>& body);
  Status write(std::string_view text);
  Status count_step();

  Error located(Error error, int line) const;

  RenderLimits limits_;
  std::vector<Scope> scopes_;  // globals first, innermost last
  std::string output_;
  std::size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace sixfold::tokenizer::jinja
