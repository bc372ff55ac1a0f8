// The values of a template: Python's, as far as chat templates use them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace sixfold::tokenizer::jinja {

class Value;
using List = std::vector<Value>;

// Keeps the order of insertion.  Keys are strings.
struct Dict {
  std::vector<std::pair<std::string, Value>> entries;
  bool is_namespace = false;  // made by namespace(): its entries may be set by the template

  const Value* find(std::string_view key) const;
  void set(std::string_view key, Value value);
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  // Argument `index`, or the one called `name`; null when absent.
  const Value* get(std::size_t index, std::string_view name) const;
};

using Function = std::function<Result<Value>(const Arguments&)>;

// Lists and dictionaries are shared, as in Python; templates cannot change them (but for namespaces).
class Value {
 public:
  struct Undefined {
    std::string name;  // of what was looked up, for messages
  };
  struct None {};

  Value() : data_(Undefined{}) {}
  static Value undefined(std::string_view name) { return Value(Data(Undefined{std::string(name)})); }
  static Value none() { return Value(Data(None{})); }
  static Value boolean(bool value) { return Value(Data(value)); }
  static Value integer(std::int64_t value) { return Value(Data(value)); }
  static Value number(double value) { return Value(Data(value)); }
  static Value string(std::string value) { return Value(Data(std::move(value))); }
  static Value list(List values);
  static Value dict(Dict values);
  static Value function(Function function);

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_boolean() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_integer() || is_float() || is_boolean(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_list() const { return std::holds_alternative<std::shared_ptr<List>>(data_); }
  bool is_dict() const { return std::holds_alternative<std::shared_ptr<Dict>>(data_); }
  bool is_function() const { return std::holds_alternative<std::shared_ptr<Function>>(data_); }

  // Only of the kind asked for.
  const std::string& as_string() const { return *std::get_if<std::string>(&data_); }
  const List& as_list() const { return **std::get_if<std::shared_ptr<List>>(&data_); }
  const Dict& as_dict() const { return **std::get_if<std::shared_ptr<Dict>>(&data_); }
  Dict& as_namespace() const { return **std::get_if<std::shared_ptr<Dict>>(&data_); }
  const Function& as_function() const { return **std::get_if<std::shared_ptr<Function>>(&data_); }
  std::int64_t as_integer() const;  // of an integer or boolean
  double as_double() const;         // of any number
  const std::string& undefined_name() const { return std::get_if<Undefined>(&data_)->name; }

  bool is_true() const;                // Python's bool()
  std::string_view kind_name() const;  // "str", "list", "undefined" ...

  // Containers within containers.  A namespace counts as the deepest, so that nothing may hold one: no cycles, and
  // recursion over a value is bounded.  The interpreter refuses values deeper than kDepthMax.
  static constexpr int kDepthMax = 64;
  int depth() const { return depth_; }

 private:
  using Data = std::variant<Undefined, None, bool, std::int64_t, double, std::string, std::shared_ptr<List>,
                            std::shared_ptr<Dict>, std::shared_ptr<Function>>;
  explicit Value(Data data) : data_(std::move(data)) {}
  Data data_;
  int depth_ = 0;
};

bool equal(const Value& a, const Value& b);                        // Python's ==
Result<int> compare(const Value& a, const Value& b);               // <0, 0, >0; error for kinds without an order
Result<bool> contains(const Value& container, const Value& item);  // item in container
std::string to_text(const Value& value);                           // what {{ value }} prints
std::string to_repr(const Value& value);                           // Python's repr()
// As the options of Python's json.dumps.
struct JsonStyle {
  int indent = -1;              // below 0: one line
  std::string between = ", ";   // two elements
  std::string colon = ": ";     // key and value
  bool escapes_others = false;  // characters beyond ASCII
  bool sorts_keys = false;
};
std::string to_json(const Value& value, const JsonStyle& style);
Result<std::vector<Value>> iterate(const Value& value);      // list items, dict keys, characters; undefined is empty
std::vector<std::string> characters(std::string_view text);  // UTF-8 characters; a broken byte stands alone

}  // namespace sixfold::tokenizer::jinja
