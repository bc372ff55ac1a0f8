// The interpreter's expressions.
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

#include "core/error.h"
#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/interpreter.h"

namespace sixfold::tokenizer::jinja {
namespace {

Error no_operator(std::string_view op, const Value& a, const Value& b) {
  return invalid_argument("\"{}\" does not work on {} and {}", op, a.kind_name(), b.kind_name());
}

// Integer arithmetic that would overflow is refused: Python's integers have no bound, ours do.
Result<Value> integer_result(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool is_overflow = false;
  if (op == "+") is_overflow = __builtin_add_overflow(a, b, &result);
  if (op == "-") is_overflow = __builtin_sub_overflow(a, b, &result);
  if (op == "*") is_overflow = __builtin_mul_overflow(a, b, &result);
  if (op == "//" || op == "%") {
    if (b == 0) return invalid_argument("division by zero");
    if (a == std::numeric_limits<std::int64_t>::min() && b == -1) is_overflow = true;
    if (!is_overflow) {
      // Python rounds down and gives the remainder the divisor's sign.
      const std::int64_t quotient = a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0);
      result = op == "//" ? quotient : a - quotient * b;
    }
  }
  if (is_overflow) return invalid_argument("{} {} {} is outside of 64 bits", a, op, b);
  return Value::integer(result);
}

Result<Value> number_result(std::string_view op, const Value& a, const Value& b) {
  const double x = a.as_double(), y = b.as_double();
  if (op == "/" || op == "//" || op == "%") {
    if (y == 0) return invalid_argument("division by zero");
    if (op == "/") return Value::number(x / y);
  }
  if (op == "**") {
    const double power = std::pow(x, y);
    const bool is_integer = !a.is_float() && !b.is_float() && y >= 0 && std::abs(power) < 9e15;
    return is_integer ? Value::integer(static_cast<std::int64_t>(power)) : Value::number(power);
  }
  if (!a.is_float() && !b.is_float()) return integer_result(op, a.as_integer(), b.as_integer());
  if (op == "+") return Value::number(x + y);
  if (op == "-") return Value::number(x - y);
  if (op == "*") return Value::number(x * y);
  if (op == "//") return Value::number(std::floor(x / y));
  return Value::number(x - std::floor(x / y) * y);
}

constexpr std::size_t kRepeatBytesMax = 1u << 20;

Result<Value> arithmetic(std::string_view op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return number_result(op, a, b);
  if (op == "+" && a.is_string() && b.is_string()) return Value::string(a.as_string() + b.as_string());
  if (op == "+" && a.is_list() && b.is_list()) {
    List joined = a.as_list();
    joined.insert(joined.end(), b.as_list().begin(), b.as_list().end());
    return Value::list(std::move(joined));
  }
  if (op == "*" && a.is_string() && b.is_integer()) {
    const std::int64_t times = std::max<std::int64_t>(b.as_integer(), 0);
    if (!a.as_string().empty() && static_cast<std::uint64_t>(times) > kRepeatBytesMax / a.as_string().size()) {
      return resource_exhausted("a str repeated {} times is too long", times);
    }
    std::string repeated;
    for (std::int64_t i = 0; i < times && !a.as_string().empty(); ++i) repeated += a.as_string();
    return Value::string(std::move(repeated));
  }
  return no_operator(op, a, b);
}

Result<Value> comparison(std::string_view op, const Value& a, const Value& b) {
  if (op == "==") return Value::boolean(equal(a, b));
  if (op == "!=") return Value::boolean(!equal(a, b));
  if (op == "in" || op == "not in") {
    SIXFOLD_TRY(const bool is_inside, contains(b, a));
    return Value::boolean(is_inside == (op == "in"));
  }
  SIXFOLD_TRY(const int order, compare(a, b));
  if (op == "<") return Value::boolean(order < 0);
  if (op == ">") return Value::boolean(order > 0);
  if (op == "<=") return Value::boolean(order <= 0);
  return Value::boolean(order >= 0);
}

}  // namespace

Error Interpreter::located(Error error, int line) const {
  if (error.code == ErrorCode::kInvalidArgument && !error.message.starts_with("line ") &&
      !error.message.starts_with("the template refuses")) {
    error.message = fmt::format("line {}: {}", line, error.message);
  }
  return error;
}

Status Interpreter::count_step() {
  if (++steps_ > limits_.steps) return resource_exhausted("chat template: more than {} steps", limits_.steps);
  if (depth_ > limits_.depth) return resource_exhausted("chat template: nested deeper than {}", limits_.depth);
  return ok();
}

Result<Value> Interpreter::evaluate(const Expression& expression) {
  ++depth_;
  const Status counted = count_step();
  Result<Value> result = counted.is_ok() ? evaluate_kind(expression) : Result<Value>(counted.error());
  --depth_;
  if (!result.is_ok()) return located(std::move(result).error(), expression.line);
  if (result->depth() > Value::kDepthMax) {
    return invalid_argument("line {}: containers nested deeper than {}", expression.line, Value::kDepthMax);
  }
  return result;
}

Result<Value> Interpreter::evaluate_or_undefined(const ExpressionPtr& expression) {
  if (expression == nullptr) return Value::none();
  return evaluate(*expression);
}

Result<Value> Interpreter::evaluate_kind(const Expression& expression) {
  const auto child = [&](std::size_t index) { return evaluate(*expression.children[index]); };
  switch (expression.kind) {
    case ExpressionKind::kLiteral:
      return expression.value;
    case ExpressionKind::kName:
      return look_up(expression.text);
    case ExpressionKind::kList: {
      List list;
      for (const ExpressionPtr& item : expression.children) {
        SIXFOLD_TRY(Value value, evaluate(*item));
        list.push_back(std::move(value));
      }
      return Value::list(std::move(list));
    }
    case ExpressionKind::kDict: {
      Dict dict;
      for (std::size_t i = 0; i + 1 < expression.children.size(); i += 2) {
        SIXFOLD_TRY(const Value key, child(i));
        SIXFOLD_TRY(Value value, child(i + 1));
        dict.set(to_text(key), std::move(value));
      }
      return Value::dict(std::move(dict));
    }
    case ExpressionKind::kAttribute:
      return evaluate_attribute(expression);
    case ExpressionKind::kSubscript: {
      SIXFOLD_TRY(const Value subject, child(0));
      SIXFOLD_TRY(const Value index, child(1));
      return evaluate_subscript(subject, index);
    }
    case ExpressionKind::kSlice: {
      SIXFOLD_TRY(const Value subject, child(0));
      SIXFOLD_TRY(const Value begin, evaluate_or_undefined(expression.children[1]));
      SIXFOLD_TRY(const Value end, evaluate_or_undefined(expression.children[2]));
      SIXFOLD_TRY(const Value step, evaluate_or_undefined(expression.children[3]));
      return slice(subject, begin, end, step);
    }
    case ExpressionKind::kCall:
      return evaluate_call(expression);
    case ExpressionKind::kFilter:
      return evaluate_filter(expression, nullptr);
    case ExpressionKind::kTest: {
      Arguments arguments;
      SIXFOLD_TRY_STATUS(evaluate_arguments(expression, 0, arguments));
      SIXFOLD_TRY(const bool is_true, apply_test(expression.text, arguments));
      return Value::boolean(is_true);
    }
    case ExpressionKind::kNot: {
      SIXFOLD_TRY(const Value operand, child(0));
      return Value::boolean(!operand.is_true());
    }
    case ExpressionKind::kNegative: {
      SIXFOLD_TRY(const Value operand, child(0));
      if (!operand.is_number()) return invalid_argument("\"-\" does not work on {}", operand.kind_name());
      if (operand.is_float()) return Value::number(-operand.as_double());
      return integer_result("-", 0, operand.as_integer());
    }
    case ExpressionKind::kBinary:
      return evaluate_binary(expression);
    case ExpressionKind::kAnd: {
      SIXFOLD_TRY(Value left, child(0));
      if (!left.is_true()) return left;
      return child(1);
    }
    case ExpressionKind::kOr: {
      SIXFOLD_TRY(Value left, child(0));
      if (left.is_true()) return left;
      return child(1);
    }
    case ExpressionKind::kSpread:
    case ExpressionKind::kSpreadNamed:
      return invalid_argument("\"*\" stands where there are no arguments");  // evaluate_arguments takes the others
    case ExpressionKind::kConditional: {
      SIXFOLD_TRY(const Value condition, child(1));
      if (condition.is_true()) return child(0);
      if (expression.children[2] == nullptr) return Value::undefined("the else value");
      return child(2);
    }
  }
  return internal_error("unknown kind of expression");
}

Result<Value> Interpreter::evaluate_binary(const Expression& expression) {
  SIXFOLD_TRY(const Value a, evaluate(*expression.children[0]));
  SIXFOLD_TRY(const Value b, evaluate(*expression.children[1]));
  const std::string& op = expression.text;
  const std::size_t bytes = (a.is_string() ? a.as_string().size() : 0) + (b.is_string() ? b.as_string().size() : 0);
  const std::size_t items = (a.is_list() ? a.as_list().size() : 0) + (b.is_list() ? b.as_list().size() : 0);
  if (bytes > limits_.output_bytes || items > limits_.steps) {
    return resource_exhausted("chat template: a value grew beyond {} bytes", limits_.output_bytes);
  }
  if (op == "~") return Value::string(to_text(a) + to_text(b));
  const bool is_arithmetic = op == "+" || op == "-" || op == "*" || op == "/" || op == "//" || op == "%" || op == "**";
  if (!is_arithmetic) return comparison(op, a, b);
  for (const Value* side : {&a, &b}) {
    if (side->is_undefined()) return invalid_argument("\"{}\" is undefined", side->undefined_name());
  }
  return arithmetic(op, a, b);
}

Result<Value> Interpreter::evaluate_subscript(const Value& subject, const Value& index) {
  if (subject.is_undefined()) return invalid_argument("\"{}\" is undefined", subject.undefined_name());
  if (subject.is_dict()) {
    const Value* found = index.is_string() ? subject.as_dict().find(index.as_string()) : nullptr;
    return found != nullptr ? *found : Value::undefined(to_text(index));
  }
  if (!index.is_integer()) {
    return index.is_string() ? bind_method(subject, index.as_string()) : Value::undefined(to_text(index));
  }
  const auto at = [&](std::size_t size) -> std::optional<std::size_t> {
    const std::int64_t position =
        index.as_integer() < 0 ? index.as_integer() + static_cast<std::int64_t>(size) : index.as_integer();
    if (position < 0 || position >= static_cast<std::int64_t>(size)) return std::nullopt;
    return static_cast<std::size_t>(position);
  };
  if (subject.is_list()) {
    const auto position = at(subject.as_list().size());
    return position ? subject.as_list()[*position] : Value::undefined("list item " + to_text(index));
  }
  if (subject.is_string()) {
    const std::vector<std::string> letters = characters(subject.as_string());
    const auto position = at(letters.size());
    return position ? Value::string(letters[*position]) : Value::undefined("str item " + to_text(index));
  }
  return Value::undefined("item " + to_text(index));
}

Result<Value> Interpreter::evaluate_attribute(const Expression& expression) {
  SIXFOLD_TRY(const Value subject, evaluate(*expression.children[0]));
  if (subject.is_undefined()) return invalid_argument("\"{}\" is undefined", subject.undefined_name());
  if (subject.is_dict()) {
    // Methods first, as Python's attribute lookup does: messages.items() is a call even if a key has that name.
    const Value method = bind_method(subject, expression.text);
    if (!method.is_undefined()) return method;
    const Value* found = subject.as_dict().find(expression.text);
    return found != nullptr ? *found : Value::undefined(expression.text);
  }
  return bind_method(subject, expression.text);
}

Status Interpreter::evaluate_arguments(const Expression& expression, std::size_t first, Arguments& arguments) {
  for (std::size_t i = first; i < expression.children.size(); ++i) {
    const Expression& argument = *expression.children[i];
    const bool is_spread = argument.kind == ExpressionKind::kSpread;
    const bool is_named = argument.kind == ExpressionKind::kSpreadNamed;
    SIXFOLD_TRY(Value value, evaluate(is_spread || is_named ? *argument.children[0] : argument));
    if (is_spread) {
      SIXFOLD_TRY(std::vector<Value> values, iterate(value));
      std::move(values.begin(), values.end(), std::back_inserter(arguments.positional));
      continue;
    }
    if (is_named) {
      if (!value.is_dict()) return invalid_argument("want a dictionary behind \"**\", got {}", value.kind_name());
      const auto& entries = value.as_dict().entries;
      arguments.named.insert(arguments.named.end(), entries.begin(), entries.end());
      continue;
    }
    arguments.positional.push_back(std::move(value));
  }
  for (const auto& [name, argument] : expression.named) {
    SIXFOLD_TRY(Value value, evaluate(*argument));
    arguments.named.emplace_back(name, std::move(value));
  }
  return ok();
}

Result<Value> Interpreter::evaluate_call(const Expression& expression) {
  SIXFOLD_TRY(const Value callee, evaluate(*expression.children[0]));
  if (callee.is_undefined()) return invalid_argument("\"{}\" is undefined", callee.undefined_name());
  if (!callee.is_function()) return invalid_argument("cannot call {}", callee.kind_name());
  Arguments arguments;
  SIXFOLD_TRY_STATUS(evaluate_arguments(expression, 1, arguments));
  return callee.as_function()(arguments);
}

// subject stands for a null innermost child (a {% filter %} block's text).
Result<Value> Interpreter::evaluate_filter(const Expression& expression, const Value* subject) {
  Arguments arguments;
  if (expression.children[0] == nullptr) {
    arguments.positional.push_back(subject != nullptr ? *subject : Value());
  } else if (subject != nullptr && expression.children[0]->kind == ExpressionKind::kFilter) {
    SIXFOLD_TRY(Value inner, evaluate_filter(*expression.children[0], subject));
    arguments.positional.push_back(std::move(inner));
  } else {
    SIXFOLD_TRY(Value inner, evaluate(*expression.children[0]));
    arguments.positional.push_back(std::move(inner));
  }
  SIXFOLD_TRY_STATUS(evaluate_arguments(expression, 1, arguments));
  return apply_filter(expression.text, arguments);
}

Value Interpreter::look_up(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const Value* found = scope->find(name)) return *found;
  }
  return Value::undefined(name);
}

}  // namespace sixfold::tokenizer::jinja
