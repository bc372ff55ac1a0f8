// Methods of str and dict.
#include <algorithm>
#include <array>

#include "core/error.h"
#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/text_functions.h"

namespace sixfold::tokenizer::jinja {
namespace {

Result<std::string> text_argument(const Arguments& arguments, std::size_t index, std::string_view name,
                                  std::string_view fallback) {
  const Value* value = arguments.get(index, name);
  if (value == nullptr || value->is_none()) return std::string(fallback);
  if (!value->is_string()) return invalid_argument("{}: want a str, got {}", name, value->kind_name());
  return value->as_string();
}

Result<long> count_argument(const Arguments& arguments, std::size_t index, std::string_view name) {
  const Value* value = arguments.get(index, name);
  if (value == nullptr) return -1L;
  if (!value->is_integer()) return invalid_argument("{}: want an int, got {}", name, value->kind_name());
  return static_cast<long>(value->as_integer());
}

Value to_list(std::vector<std::string> parts) {
  List list;
  for (std::string& part : parts) list.push_back(Value::string(std::move(part)));
  return Value::list(std::move(list));
}

using TextMethod = Result<Value> (*)(const std::string& self, const Arguments& arguments);

Result<Value> strip_sides(const std::string& self, const Arguments& arguments, bool left, bool right) {
  SIXFOLD_TRY(const std::string characters, text_argument(arguments, 0, "chars", ""));
  return Value::string(strip(self, characters, left, right));
}

Result<Value> split_side(const std::string& self, const Arguments& arguments, bool from_right) {
  SIXFOLD_TRY(const std::string separator, text_argument(arguments, 0, "sep", ""));
  SIXFOLD_TRY(const long splits_max, count_argument(arguments, 1, "maxsplit"));
  return to_list(split(self, separator, splits_max, from_right));
}

// startswith and endswith take a str or a tuple of them.
Result<Value> has_edge(const std::string& self, const Arguments& arguments, bool at_start) {
  const Value* wanted = arguments.get(0, "prefix");
  if (wanted == nullptr) return invalid_argument("startswith/endswith: want a str");
  const List edges = wanted->is_list() ? wanted->as_list() : List{*wanted};
  for (const Value& edge : edges) {
    if (!edge.is_string()) return invalid_argument("startswith/endswith: want a str, got {}", edge.kind_name());
    if (at_start ? self.starts_with(edge.as_string()) : self.ends_with(edge.as_string())) return Value::boolean(true);
  }
  return Value::boolean(false);
}

bool is_made_of(const std::string& self, bool (*accepts)(char)) {
  return !self.empty() && std::all_of(self.begin(), self.end(), accepts);
}

struct TextMethodRow {
  std::string_view name;
  TextMethod call;
};

constexpr std::array<TextMethodRow, 22> kTextMethods = {{
    {"strip", [](const std::string& s, const Arguments& a) { return strip_sides(s, a, true, true); }},
    {"lstrip", [](const std::string& s, const Arguments& a) { return strip_sides(s, a, true, false); }},
    {"rstrip", [](const std::string& s, const Arguments& a) { return strip_sides(s, a, false, true); }},
    {"split", [](const std::string& s, const Arguments& a) { return split_side(s, a, false); }},
    {"rsplit", [](const std::string& s, const Arguments& a) { return split_side(s, a, true); }},
    {"splitlines", [](const std::string& s, const Arguments&) -> Result<Value> { return to_list(split_lines(s)); }},
    {"startswith", [](const std::string& s, const Arguments& a) { return has_edge(s, a, true); }},
    {"endswith", [](const std::string& s, const Arguments& a) { return has_edge(s, a, false); }},
    {"upper", [](const std::string& s, const Arguments&) -> Result<Value> { return Value::string(upper(s)); }},
    {"lower", [](const std::string& s, const Arguments&) -> Result<Value> { return Value::string(lower(s)); }},
    {"title", [](const std::string& s, const Arguments&) -> Result<Value> { return Value::string(title(s)); }},
    {"capitalize",
     [](const std::string& s, const Arguments&) -> Result<Value> { return Value::string(capitalize(s)); }},
    {"replace",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       SIXFOLD_TRY(const std::string from, text_argument(a, 0, "old", ""));
       SIXFOLD_TRY(const std::string to, text_argument(a, 1, "new", ""));
       SIXFOLD_TRY(const long limit, count_argument(a, 2, "count"));
       return Value::string(replace(s, from, to, limit));
     }},
    {"find",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       SIXFOLD_TRY(const std::string wanted, text_argument(a, 0, "sub", ""));
       const std::size_t found = s.find(wanted);
       if (found == std::string::npos) return Value::integer(-1);
       return Value::integer(static_cast<std::int64_t>(characters(s.substr(0, found)).size()));
     }},
    {"count",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       SIXFOLD_TRY(const std::string wanted, text_argument(a, 0, "sub", ""));
       if (wanted.empty()) return Value::integer(static_cast<std::int64_t>(characters(s).size()) + 1);
       return Value::integer(static_cast<std::int64_t>(split(s, wanted, -1, false).size()) - 1);
     }},
    {"join",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       const Value* parts = a.get(0, "iterable");
       SIXFOLD_TRY(const std::vector<Value> items, iterate(parts != nullptr ? *parts : Value()));
       std::string text;
       for (std::size_t i = 0; i < items.size(); ++i) text += (i > 0 ? s : "") + to_text(items[i]);
       return Value::string(std::move(text));
     }},
    {"removeprefix",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       SIXFOLD_TRY(const std::string edge, text_argument(a, 0, "prefix", ""));
       return Value::string(s.starts_with(edge) ? s.substr(edge.size()) : s);
     }},
    {"removesuffix",
     [](const std::string& s, const Arguments& a) -> Result<Value> {
       SIXFOLD_TRY(const std::string edge, text_argument(a, 0, "suffix", ""));
       return Value::string(s.ends_with(edge) ? s.substr(0, s.size() - edge.size()) : s);
     }},
    {"isdigit",
     [](const std::string& s, const Arguments&) -> Result<Value> {
       return Value::boolean(is_made_of(s, [](char c) { return c >= '0' && c <= '9'; }));
     }},
    {"isspace",
     [](const std::string& s, const Arguments&) -> Result<Value> {
       return Value::boolean(is_made_of(s, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }));
     }},
    {"isupper",
     [](const std::string& s, const Arguments&) -> Result<Value> {
       return Value::boolean(upper(s) == s && lower(s) != s);
     }},
    {"islower",
     [](const std::string& s, const Arguments&) -> Result<Value> {
       return Value::boolean(lower(s) == s && upper(s) != s);
     }},
}};

Result<Value> dict_method(const Value& self, std::string_view name, const Arguments& arguments) {
  const Dict& dict = self.as_dict();
  if (name == "get") {
    const Value* key = arguments.get(0, "key");
    const Value* fallback = arguments.get(1, "default");
    const Value* found = key != nullptr && key->is_string() ? dict.find(key->as_string()) : nullptr;
    return found != nullptr ? *found : (fallback != nullptr ? *fallback : Value::none());
  }
  List list;
  for (const auto& [key, value] : dict.entries) {
    if (name == "keys") list.push_back(Value::string(key));
    if (name == "values") list.push_back(value);
    if (name == "items") list.push_back(Value::list({Value::string(key), value}));
  }
  return Value::list(std::move(list));
}

}  // namespace

Value bind_method(const Value& object, std::string_view name) {
  if (object.is_string()) {
    for (const TextMethodRow& row : kTextMethods) {
      if (row.name != name) continue;
      return Value::function(
          [self = object.as_string(), call = row.call](const Arguments& arguments) { return call(self, arguments); });
    }
  }
  const bool is_dict_method = name == "get" || name == "keys" || name == "values" || name == "items";
  if (object.is_dict() && !object.as_dict().is_namespace && is_dict_method) {
    return Value::function([object, method = std::string(name)](const Arguments& arguments) {
      return dict_method(object, method, arguments);
    });
  }
  return Value::undefined(name);
}

}  // namespace sixfold::tokenizer::jinja
