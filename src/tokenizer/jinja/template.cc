// Compiles and renders.
#include "tokenizer/jinja/template.h"

#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/interpreter.h"
#include "tokenizer/jinja/lexer.h"
#include "tokenizer/jinja/parser.h"

namespace sixfold::tokenizer::jinja {

Result<Template> Template::compile(std::string_view source) {
  SIXFOLD_TRY(const std::vector<Token> tokens, tokenize_template(source));
  SIXFOLD_TRY(std::vector<Statement> statements, parse_template(tokens));
  Template result;
  result.statements_ = std::make_shared<const std::vector<Statement>>(std::move(statements));
  return result;
}

Result<std::string> Template::render(const Dict& variables, std::int64_t now_unix_seconds,
                                     const RenderLimits& limits) const {
  Dict globals = global_functions(now_unix_seconds);
  for (const auto& [name, value] : variables.entries) globals.set(name, value);
  return Interpreter(std::move(globals), limits).run(*statements_);
}

}  // namespace sixfold::tokenizer::jinja
