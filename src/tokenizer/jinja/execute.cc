// The interpreter's statements.
#include "core/error.h"
#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/interpreter.h"

namespace sixfold::tokenizer::jinja {
namespace {

// The "loop" variable of one round.
Value loop_value(const std::vector<Value>& items, std::size_t index, std::size_t depth) {
  const auto number = [](std::size_t count) { return Value::integer(static_cast<std::int64_t>(count)); };
  Dict loop;
  loop.set("index", number(index + 1));
  loop.set("index0", number(index));
  loop.set("revindex", number(items.size() - index));
  loop.set("revindex0", number(items.size() - index - 1));
  loop.set("first", Value::boolean(index == 0));
  loop.set("last", Value::boolean(index + 1 == items.size()));
  loop.set("length", number(items.size()));
  loop.set("depth", number(depth));
  loop.set("depth0", number(depth - 1));
  loop.set("previtem", index > 0 ? items[index - 1] : Value::undefined("previtem"));
  loop.set("nextitem", index + 1 < items.size() ? items[index + 1] : Value::undefined("nextitem"));
  loop.set("cycle", Value::function([index](const Arguments& arguments) -> Result<Value> {
             if (arguments.positional.empty()) return invalid_argument("loop.cycle wants at least one value");
             return arguments.positional[index % arguments.positional.size()];
           }));
  return Value::dict(std::move(loop));
}

}  // namespace

Interpreter::Interpreter(Dict globals, const RenderLimits& limits) : limits_(limits) {
  scopes_.push_back(std::move(globals));
}

Result<std::string> Interpreter::run(const std::vector<Statement>& statements) {
  scopes_.emplace_back();
  SIXFOLD_TRY(const Flow flow, execute(statements));
  static_cast<void>(flow);
  return std::move(output_);
}

Result<Interpreter::Flow> Interpreter::execute(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    ++depth_;
    const Status counted = count_step();
    Result<Flow> flow = counted.is_ok() ? execute_one(statement) : Result<Flow>(counted.error());
    --depth_;
    if (!flow.is_ok()) return located(std::move(flow).error(), statement.line);
    if (*flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute_one(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kText:
      SIXFOLD_TRY_STATUS(write(statement.text));
      return Flow::kNext;
    case StatementKind::kPrint: {
      SIXFOLD_TRY(const Value value, evaluate(*statement.expressions[0]));
      SIXFOLD_TRY_STATUS(write(to_text(value)));
      return Flow::kNext;
    }
    case StatementKind::kIf: {
      SIXFOLD_TRY(const Value condition, evaluate(*statement.expressions[0]));
      return execute(condition.is_true() ? statement.body : statement.otherwise);
    }
    case StatementKind::kFor:
      return execute_for(statement);
    case StatementKind::kSet: {
      SIXFOLD_TRY(const Value value, evaluate(*statement.expressions[0]));
      SIXFOLD_TRY_STATUS(bind_names(statement.names, value));
      return Flow::kNext;
    }
    case StatementKind::kSetBlock: {
      SIXFOLD_TRY(std::string text, capture(statement.body));
      Value value = Value::string(std::move(text));
      if (statement.expressions[0] != nullptr) {
        SIXFOLD_TRY(value, evaluate_filter(*statement.expressions[0], &value));
      }
      scopes_.back().set(statement.names[0], std::move(value));
      return Flow::kNext;
    }
    case StatementKind::kSetMember: {
      SIXFOLD_TRY(Value value, evaluate(*statement.expressions[0]));
      const Value object = look_up(statement.names[0]);
      if (!object.is_dict() || !object.as_dict().is_namespace) {
        return invalid_argument("cannot set {}.{}: want a namespace, got {}", statement.names[0], statement.names[1],
                                object.kind_name());
      }
      if (value.depth() >= Value::kDepthMax) {
        return invalid_argument("cannot set {}.{}: a namespace, or containers nested too deep", statement.names[0],
                                statement.names[1]);
      }
      object.as_namespace().set(statement.names[1], std::move(value));
      return Flow::kNext;
    }
    case StatementKind::kMacro:
      SIXFOLD_TRY_STATUS(define_macro(statement));
      return Flow::kNext;
    case StatementKind::kFilterBlock:
      SIXFOLD_TRY_STATUS(run_filter_block(statement));
      return Flow::kNext;
    case StatementKind::kCallBlock:
      SIXFOLD_TRY_STATUS(run_call_block(statement));
      return Flow::kNext;
    case StatementKind::kGroup:
      return execute(statement.body);
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
  }
  return internal_error("unknown kind of statement");
}

Result<std::vector<Value>> Interpreter::items_of_loop(const Statement& statement) {
  SIXFOLD_TRY(const Value subject, evaluate(*statement.expressions[0]));
  SIXFOLD_TRY(std::vector<Value> items, iterate(subject));
  if (statement.expressions[1] == nullptr) return items;
  std::vector<Value> kept;
  for (Value& item : items) {
    scopes_.emplace_back();
    const Status bound = bind_names(statement.names, item);
    const Result<Value> condition = bound.is_ok() ? evaluate(*statement.expressions[1]) : Result<Value>(bound.error());
    scopes_.pop_back();
    if (!condition.is_ok()) return condition.error();
    if (condition->is_true()) kept.push_back(std::move(item));
  }
  return kept;
}

Result<Interpreter::Flow> Interpreter::execute_for(const Statement& statement) {
  SIXFOLD_TRY(const std::vector<Value> items, items_of_loop(statement));
  if (items.empty()) return execute(statement.otherwise);
  const Value outer = look_up("loop");
  const Value* outer_depth = outer.is_dict() ? outer.as_dict().find("depth") : nullptr;
  const std::size_t depth = outer_depth != nullptr ? static_cast<std::size_t>(outer_depth->as_integer()) + 1 : 1;
  for (std::size_t i = 0; i < items.size(); ++i) {
    scopes_.emplace_back();
    scopes_.back().set("loop", loop_value(items, i, depth));
    const Status bound = bind_names(statement.names, items[i]);
    const Result<Flow> flow = bound.is_ok() ? execute(statement.body) : Result<Flow>(bound.error());
    scopes_.pop_back();
    if (!flow.is_ok()) return flow.error();
    if (*flow == Flow::kBreak) break;
  }
  return Flow::kNext;
}

Status Interpreter::bind_names(const std::vector<std::string>& names, const Value& value) {
  if (names.size() == 1) {
    scopes_.back().set(names[0], value);
    return ok();
  }
  SIXFOLD_TRY(const std::vector<Value> parts, iterate(value));
  if (parts.size() != names.size())
    return invalid_argument("want {} values to unpack, got {}", names.size(), parts.size());
  for (std::size_t i = 0; i < names.size(); ++i) scopes_.back().set(names[i], parts[i]);
  return ok();
}

Status Interpreter::define_macro(const Statement& statement) {
  scopes_.back().set(statement.text, Value::function([this, &statement](const Arguments& arguments) {
                       return call_macro(statement, arguments);
                     }));
  return ok();
}

// A macro sees the template's top level, not the scopes of its caller.
Result<Value> Interpreter::call_macro(const Statement& macro, const Arguments& arguments) {
  if (arguments.positional.size() > macro.parameters.size()) {
    return invalid_argument("macro {} takes {} arguments, got {}", macro.text, macro.parameters.size(),
                            arguments.positional.size());
  }
  Scope locals;
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const auto& [name, fallback] = macro.parameters[i];
    if (const Value* given = arguments.get(i, name)) {
      locals.set(name, *given);
    } else if (fallback != nullptr) {
      SIXFOLD_TRY(Value value, evaluate(*fallback));
      locals.set(name, std::move(value));
    } else {
      locals.set(name, Value::undefined(name));
    }
  }
  if (const Value* caller = arguments.get(macro.parameters.size(), "caller")) locals.set("caller", *caller);
  std::vector<Scope> inner(scopes_.begin() + 2, scopes_.end());
  scopes_.resize(2);
  scopes_.push_back(std::move(locals));
  Result<std::string> text = capture(macro.body);
  scopes_.resize(2);
  scopes_.insert(scopes_.end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
  if (!text.is_ok()) return std::move(text).error();
  return Value::string(*std::move(text));
}

Status Interpreter::run_filter_block(const Statement& statement) {
  SIXFOLD_TRY(std::string text, capture(statement.body));
  const Value subject = Value::string(std::move(text));
  SIXFOLD_TRY(const Value filtered, evaluate_filter(*statement.expressions[0], &subject));
  return write(to_text(filtered));
}

Status Interpreter::run_call_block(const Statement& statement) {
  const Expression& call = *statement.expressions[0];
  SIXFOLD_TRY(const Value callee, evaluate(*call.children[0]));
  if (!callee.is_function()) return invalid_argument("cannot call {}", callee.kind_name());
  Arguments arguments;
  SIXFOLD_TRY_STATUS(evaluate_arguments(call, 1, arguments));
  arguments.named.emplace_back("caller", Value::function([this, &statement](const Arguments&) -> Result<Value> {
                                 SIXFOLD_TRY(std::string text, capture(statement.body));
                                 return Value::string(std::move(text));
                               }));
  SIXFOLD_TRY(const Value result, callee.as_function()(arguments));
  return write(to_text(result));
}

Result<std::string> Interpreter::capture(const std::vector<Statement>& body) {
  std::string outer = std::exchange(output_, {});
  const Result<Flow> flow = execute(body);
  std::string text = std::exchange(output_, std::move(outer));
  if (!flow.is_ok()) return flow.error();
  return text;
}

Status Interpreter::write(std::string_view text) {
  if (output_.size() + text.size() > limits_.output_bytes) {
    return resource_exhausted("chat template: more than {} bytes of output", limits_.output_bytes);
  }
  output_ += text;
  return ok();
}

}  // namespace sixfold::tokenizer::jinja
