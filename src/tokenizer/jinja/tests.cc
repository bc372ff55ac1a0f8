// Tests: what may stand behind "is".
#include <array>

#include "core/error.h"
#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/text_functions.h"

namespace sixfold::tokenizer::jinja {
namespace {

using Test = Result<bool> (*)(const Value& subject, const Arguments& arguments);

struct TestRow {
  std::string_view name;
  Test run;
};

Result<const Value*> operand(const Arguments& arguments) {
  if (arguments.positional.size() < 2) return invalid_argument("the test wants an argument");
  return &arguments.positional[1];
}

template <class Accept>
Result<bool> ordered(const Value& subject, const Arguments& arguments, Accept accept) {
  SIXFOLD_TRY(const Value* other, operand(arguments));
  SIXFOLD_TRY(const int order, compare(subject, *other));
  return accept(order);
}

Result<bool> is_equal(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(const Value* other, operand(arguments));
  return equal(subject, *other);
}

Result<bool> is_multiple(const Value& subject, std::int64_t divisor, std::int64_t remainder) {
  if (!subject.is_integer()) return invalid_argument("the test wants an int, got {}", subject.kind_name());
  if (divisor == 0) return invalid_argument("division by zero");
  if (divisor == -1) return remainder == 0;
  return subject.as_integer() % divisor == remainder ||
         (remainder != 0 && subject.as_integer() % divisor == -remainder);
}

constexpr std::array<TestRow, 33> kTests = {{
    {"defined", [](const Value& v, const Arguments&) -> Result<bool> { return !v.is_undefined(); }},
    {"undefined", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_undefined(); }},
    {"none", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_none(); }},
    {"string", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_string(); }},
    {"mapping", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_dict(); }},
    {"sequence",
     [](const Value& v, const Arguments&) -> Result<bool> { return v.is_list() || v.is_string() || v.is_dict(); }},
    {"iterable",
     [](const Value& v, const Arguments&) -> Result<bool> {
       return v.is_list() || v.is_string() || v.is_dict() || v.is_undefined();
     }},
    {"number", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_number(); }},
    {"integer", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_integer(); }},
    {"float", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_float(); }},
    {"boolean", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_boolean(); }},
    {"true", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_boolean() && v.is_true(); }},
    {"false", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_boolean() && !v.is_true(); }},
    {"callable", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_function(); }},
    {"even", [](const Value& v, const Arguments&) { return is_multiple(v, 2, 0); }},
    {"odd", [](const Value& v, const Arguments&) { return is_multiple(v, 2, 1); }},
    {"divisibleby",
     [](const Value& v, const Arguments& a) -> Result<bool> {
       SIXFOLD_TRY(const Value* divisor, operand(a));
       if (!divisor->is_integer()) return invalid_argument("divisibleby wants an int, got {}", divisor->kind_name());
       return is_multiple(v, divisor->as_integer(), 0);
     }},
    {"in",
     [](const Value& v, const Arguments& a) -> Result<bool> {
       SIXFOLD_TRY(const Value* container, operand(a));
       return contains(*container, v);
     }},
    {"lower", [](const Value& v, const Arguments&) -> Result<bool> { return lower(to_text(v)) == to_text(v); }},
    {"upper", [](const Value& v, const Arguments&) -> Result<bool> { return upper(to_text(v)) == to_text(v); }},
    {"eq", is_equal},
    {"equalto", is_equal},
    {"sameas", is_equal},
    {"ne",
     [](const Value& v, const Arguments& a) -> Result<bool> {
       SIXFOLD_TRY(const bool is_same, is_equal(v, a));
       return !is_same;
     }},
    {"lt", [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order < 0; }); }},
    {"lessthan", [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order < 0; }); }},
    {"le", [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order <= 0; }); }},
    {"gt", [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order > 0; }); }},
    {"greaterthan",
     [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order > 0; }); }},
    {"ge", [](const Value& v, const Arguments& a) { return ordered(v, a, [](int order) { return order >= 0; }); }},
    {"escaped", [](const Value&, const Arguments&) -> Result<bool> { return false; }},
    {"filter",
     [](const Value& v, const Arguments&) -> Result<bool> { return v.is_string() && has_filter(v.as_string()); }},
    {"test", [](const Value& v, const Arguments&) -> Result<bool> { return v.is_string() && has_test(v.as_string()); }},
}};

const TestRow* find_test(std::string_view name) {
  for (const TestRow& row : kTests) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

bool has_test(std::string_view name) {
  return find_test(name) != nullptr;
}

Result<bool> apply_test(std::string_view name, const Arguments& arguments) {
  const TestRow* test = find_test(name);
  if (test == nullptr) return invalid_argument("no test named \"{}\"", name);
  if (arguments.positional.empty()) return invalid_argument("the test \"{}\" wants a value", name);
  return test->run(arguments.positional[0], arguments);
}

}  // namespace sixfold::tokenizer::jinja
