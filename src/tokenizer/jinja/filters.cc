// Filters: what may stand behind "|".
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "tokenizer/jinja/builtins.h"
#include "tokenizer/jinja/text_functions.h"

namespace sixfold::tokenizer::jinja {
namespace {

using Filter = Result<Value> (*)(const Value& subject, const Arguments& arguments);

constexpr std::int64_t kIndentMax = 64;

Result<std::string> text_of(const Value& value, std::string_view what) {
  if (!value.is_string()) return invalid_argument("{}: want a str, got {}", what, value.kind_name());
  return value.as_string();
}

// "a.b" and 0 as attribute= takes them.
Value attribute_of(const Value& item, const std::string& path) {
  Value value = item;
  for (const std::string& name : split(path, ".", -1, false)) {
    const Value* found = value.is_dict() ? value.as_dict().find(name) : nullptr;
    value = found != nullptr ? *found : Value::undefined(name);
  }
  return value;
}

Result<std::vector<Value>> items_by_attribute(const Value& subject, const Arguments& arguments, std::size_t index) {
  SIXFOLD_TRY(std::vector<Value> items, iterate(subject));
  const Value* attribute = arguments.get(index, "attribute");
  if (attribute == nullptr || attribute->is_none()) return items;
  for (Value& item : items) item = attribute_of(item, to_text(*attribute));
  return items;
}

Result<Value> filter_length(const Value& subject, const Arguments&) {
  if (subject.is_dict()) return Value::integer(static_cast<std::int64_t>(subject.as_dict().entries.size()));
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  return Value::integer(static_cast<std::int64_t>(items.size()));
}

Result<Value> filter_join(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(const std::vector<Value> items, items_by_attribute(subject, arguments, 2));
  const Value* separator = arguments.get(1, "d");
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0 && separator != nullptr) text += to_text(*separator);
    text += to_text(items[i]);
  }
  return Value::string(std::move(text));
}

Result<Value> filter_default(const Value& subject, const Arguments& arguments) {
  const Value* fallback = arguments.get(1, "default_value");
  const Value* also_false = arguments.get(2, "boolean");
  const bool is_missing =
      subject.is_undefined() || (also_false != nullptr && also_false->is_true() && !subject.is_true());
  if (!is_missing) return subject;
  return fallback != nullptr ? *fallback : Value::string("");
}

Result<Value> filter_tojson(const Value& subject, const Arguments& arguments) {
  // The transformers library's own filter: tojson(ensure_ascii, indent, separators, sort_keys).
  JsonStyle style;
  const auto is_set = [&](std::size_t index, std::string_view name) {
    const Value* value = arguments.get(index, name);
    return value != nullptr && value->is_true();
  };
  style.escapes_others = is_set(1, "ensure_ascii");
  const Value* indent = arguments.get(2, "indent");
  if (indent != nullptr && indent->is_integer()) {
    style.indent = static_cast<int>(std::clamp<std::int64_t>(indent->as_integer(), 0, kIndentMax));
    style.between = std::string(",");
  }
  if (const Value* separators = arguments.get(3, "separators"); separators != nullptr && !separators->is_none()) {
    const bool is_pair = separators->is_list() && separators->as_list().size() == 2 &&
                         separators->as_list()[0].is_string() && separators->as_list()[1].is_string();
    if (!is_pair) return invalid_argument("tojson: want two texts as separators");
    style.between = separators->as_list()[0].as_string();
    style.colon = separators->as_list()[1].as_string();
  }
  style.sorts_keys = is_set(4, "sort_keys");
  return Value::string(to_json(subject, style));
}

Result<Value> filter_int(const Value& subject, const Arguments& arguments) {
  const Value* fallback = arguments.get(1, "default");
  if (subject.is_integer() || subject.is_boolean()) return Value::integer(subject.as_integer());
  double number = 0;
  bool is_number = subject.is_float();
  if (is_number) number = subject.as_double();
  if (subject.is_string()) {
    const std::string text = strip(subject.as_string(), "", true, true);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    is_number = error == std::errc{} && end == text.data() + text.size();
  }
  if (!is_number || !(std::abs(number) < 9e15)) return fallback != nullptr ? *fallback : Value::integer(0);
  return Value::integer(static_cast<std::int64_t>(number));
}

Result<Value> filter_float(const Value& subject, const Arguments& arguments) {
  const Value* fallback = arguments.get(1, "default");
  if (subject.is_number()) return Value::number(subject.as_double());
  double number = 0;
  const std::string text = subject.is_string() ? strip(subject.as_string(), "", true, true) : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc{} && end == text.data() + text.size()) return Value::number(number);
  return fallback != nullptr ? *fallback : Value::number(0);
}

Result<Value> filter_items(const Value& subject, const Arguments&) {
  if (subject.is_undefined()) return Value::list({});
  if (!subject.is_dict()) return invalid_argument("items: want a dict, got {}", subject.kind_name());
  List list;
  for (const auto& [key, value] : subject.as_dict().entries) list.push_back(Value::list({Value::string(key), value}));
  return Value::list(std::move(list));
}

// Orders values that compare() orders; others keep their place.  Text without regard to case unless asked.
Result<std::vector<Value>> sorted(std::vector<Value> items, const std::vector<Value>& keys, bool is_reversed,
                                  bool sees_case) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key_of = [&](std::size_t i) {
    return keys[i].is_string() && !sees_case ? Value::string(lower(keys[i].as_string())) : keys[i];
  };
  for (std::size_t i = 1; i < items.size(); ++i)
    SIXFOLD_TRY_STATUS([&]() -> Status {
      SIXFOLD_TRY(const int unused, compare(key_of(0), key_of(i)));
      static_cast<void>(unused);
      return ok();
    }());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto compared = compare(key_of(a), key_of(b));
    const int sign = compared.is_ok() ? *compared : 0;
    return is_reversed ? sign > 0 : sign < 0;
  });
  std::vector<Value> result;
  for (const std::size_t i : order) result.push_back(std::move(items[i]));
  return result;
}

Result<Value> filter_sort(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(std::vector<Value> items, iterate(subject));
  SIXFOLD_TRY(const std::vector<Value> keys, items_by_attribute(subject, arguments, 3));
  const Value* reverse = arguments.get(1, "reverse");
  const Value* sees_case = arguments.get(2, "case_sensitive");
  SIXFOLD_TRY(List list, sorted(std::move(items), keys, reverse != nullptr && reverse->is_true(),
                                sees_case != nullptr && sees_case->is_true()));
  return Value::list(std::move(list));
}

Result<Value> filter_dictsort(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(const Value pairs, filter_items(subject, arguments));
  std::vector<Value> keys;
  for (const Value& pair : pairs.as_list()) keys.push_back(pair.as_list()[0]);
  SIXFOLD_TRY(List list, sorted(pairs.as_list(), keys, false, false));
  return Value::list(std::move(list));
}

Result<Value> filter_map(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  List list;
  const Value* attribute = arguments.get(arguments.positional.size(), "attribute");
  const Value* fallback = arguments.get(arguments.positional.size(), "default");
  for (const Value& item : items) {
    if (attribute != nullptr) {
      Value value = attribute_of(item, to_text(*attribute));
      list.push_back(value.is_undefined() && fallback != nullptr ? *fallback : std::move(value));
      continue;
    }
    if (arguments.positional.size() < 2) return invalid_argument("map: want attribute= or a filter's name");
    SIXFOLD_TRY(const std::string name, text_of(arguments.positional[1], "map"));
    if (name == "map") return invalid_argument("map: cannot map itself");
    Arguments inner;
    inner.positional = {item};
    inner.positional.insert(inner.positional.end(), arguments.positional.begin() + 2, arguments.positional.end());
    inner.named = arguments.named;
    SIXFOLD_TRY(Value value, apply_filter(name, inner));
    list.push_back(std::move(value));
  }
  return Value::list(std::move(list));
}

// select, reject (by_attribute false), selectattr, rejectattr.
Result<Value> filter_by_test(const Value& subject, const Arguments& arguments, bool by_attribute, bool wanted) {
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  const std::size_t test_index = by_attribute ? 2 : 1;
  if (by_attribute && arguments.positional.size() < 2) return invalid_argument("selectattr: want an attribute's name");
  List kept;
  for (const Value& item : items) {
    const Value tested = by_attribute ? attribute_of(item, to_text(arguments.positional[1])) : item;
    bool is_true = tested.is_true();
    if (arguments.positional.size() > test_index) {
      SIXFOLD_TRY(const std::string name, text_of(arguments.positional[test_index], "select"));
      Arguments inner;
      inner.positional = {tested};
      inner.positional.insert(inner.positional.end(),
                              arguments.positional.begin() + static_cast<std::ptrdiff_t>(test_index) + 1,
                              arguments.positional.end());
      SIXFOLD_TRY(is_true, apply_test(name, inner));
    }
    if (is_true == wanted) kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Result<Value> filter_reverse(const Value& subject, const Arguments&) {
  SIXFOLD_TRY(List items, iterate(subject));
  std::reverse(items.begin(), items.end());
  if (!subject.is_string()) return Value::list(std::move(items));
  std::string text;
  for (const Value& letter : items) text += letter.as_string();
  return Value::string(std::move(text));
}

Result<Value> filter_unique(const Value& subject, const Arguments&) {
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  List kept;
  for (const Value& item : items) {
    if (std::none_of(kept.begin(), kept.end(), [&](const Value& other) { return equal(item, other); }))
      kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Result<Value> filter_extreme(const Value& subject, int sign) {
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  if (items.empty()) return Value::undefined("the extreme of nothing");
  Value best = items[0];
  for (const Value& item : items) {
    SIXFOLD_TRY(const int order, compare(item, best));
    if (order * sign > 0) best = item;
  }
  return best;
}

Result<Value> filter_sum(const Value& subject, const Arguments& arguments) {
  SIXFOLD_TRY(const std::vector<Value> items, items_by_attribute(subject, arguments, 1));
  double total = 0;
  bool has_float = false;
  for (const Value& item : items) {
    if (!item.is_number()) return invalid_argument("sum: want numbers, got {}", item.kind_name());
    has_float |= item.is_float();
    total += item.as_double();
  }
  if (has_float || std::abs(total) > 9e15) return Value::number(total);
  return Value::integer(static_cast<std::int64_t>(total));
}

Result<Value> filter_round(const Value& subject, const Arguments& arguments) {
  if (!subject.is_number()) return invalid_argument("round: want a number, got {}", subject.kind_name());
  const Value* precision = arguments.get(1, "precision");
  const Value* method = arguments.get(2, "method");
  const double scale =
      std::pow(10.0, precision != nullptr && precision->is_integer()
                         ? static_cast<double>(std::clamp<std::int64_t>(precision->as_integer(), -15, 15))
                         : 0.0);
  const double scaled = subject.as_double() * scale;
  const std::string how = method != nullptr ? to_text(*method) : "common";
  return Value::number(
      (how == "ceil" ? std::ceil(scaled) : (how == "floor" ? std::floor(scaled) : std::nearbyint(scaled))) / scale);
}

Result<Value> filter_indent(const Value& subject, const Arguments& arguments) {
  const Value* width = arguments.get(1, "width");
  const Value* first = arguments.get(2, "first");
  const Value* blank = arguments.get(3, "blank");
  std::string pad = "    ";
  if (width != nullptr && width->is_integer())
    pad.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(width->as_integer(), 0, kIndentMax)), ' ');
  if (width != nullptr && width->is_string()) pad = width->as_string();
  const std::vector<std::string> lines = split(to_text(subject), "\n", -1, false);
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\n";
    const bool is_padded =
        i == 0 ? first != nullptr && first->is_true() : !lines[i].empty() || (blank != nullptr && blank->is_true());
    text += (is_padded ? pad : "") + lines[i];
  }
  return Value::string(std::move(text));
}

Result<Value> filter_escape(const Value& subject, const Arguments&) {
  std::string text;
  for (const char c : to_text(subject)) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&#34;";
        break;
      case '\'':
        text += "&#39;";
        break;
      default:
        text += c;
    }
  }
  return Value::string(std::move(text));
}

Result<Value> filter_edge(const Value& subject, bool is_first) {
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  if (items.empty()) return Value::undefined(is_first ? "the first of nothing" : "the last of nothing");
  return is_first ? items.front() : items.back();
}

Result<Value> filter_replace(const Value& subject, const Arguments& arguments) {
  const Value* from = arguments.get(1, "old");
  const Value* to = arguments.get(2, "new");
  if (from == nullptr || to == nullptr) return invalid_argument("replace: want two str");
  return Value::string(replace(to_text(subject), to_text(*from), to_text(*to), -1));
}

Result<Value> filter_trim(const Value& subject, const Arguments& arguments) {
  const Value* characters = arguments.get(1, "chars");
  return Value::string(strip(to_text(subject), characters != nullptr ? to_text(*characters) : "", true, true));
}

struct FilterRow {
  std::string_view name;
  Filter run;
};

Result<Value> filter_string(const Value& v, const Arguments&) {
  return Value::string(to_text(v));
}

constexpr std::array<FilterRow, 42> kFilters = {{
    {"trim", filter_trim},
    {"length", filter_length},
    {"count", filter_length},
    {"join", filter_join},
    {"default", filter_default},
    {"d", filter_default},
    {"tojson", filter_tojson},
    {"string", filter_string},
    {"safe", filter_string},
    {"int", filter_int},
    {"float", filter_float},
    {"items", filter_items},
    {"dictsort", filter_dictsort},
    {"sort", filter_sort},
    {"map", filter_map},
    {"select", [](const Value& v, const Arguments& a) { return filter_by_test(v, a, false, true); }},
    {"reject", [](const Value& v, const Arguments& a) { return filter_by_test(v, a, false, false); }},
    {"selectattr", [](const Value& v, const Arguments& a) { return filter_by_test(v, a, true, true); }},
    {"rejectattr", [](const Value& v, const Arguments& a) { return filter_by_test(v, a, true, false); }},
    {"reverse", filter_reverse},
    {"unique", filter_unique},
    {"min", [](const Value& v, const Arguments&) { return filter_extreme(v, -1); }},
    {"max", [](const Value& v, const Arguments&) { return filter_extreme(v, 1); }},
    {"sum", filter_sum},
    {"round", filter_round},
    {"indent", filter_indent},
    {"escape", filter_escape},
    {"e", filter_escape},
    {"forceescape", filter_escape},
    {"first", [](const Value& v, const Arguments&) { return filter_edge(v, true); }},
    {"last", [](const Value& v, const Arguments&) { return filter_edge(v, false); }},
    {"replace", filter_replace},
    {"upper", [](const Value& v, const Arguments&) -> Result<Value> { return Value::string(upper(to_text(v))); }},
    {"lower", [](const Value& v, const Arguments&) -> Result<Value> { return Value::string(lower(to_text(v))); }},
    {"capitalize",
     [](const Value& v, const Arguments&) -> Result<Value> { return Value::string(capitalize(to_text(v))); }},
    {"title", [](const Value& v, const Arguments&) -> Result<Value> { return Value::string(title(to_text(v))); }},
    {"list",
     [](const Value& v, const Arguments&) -> Result<Value> {
       SIXFOLD_TRY(List items, iterate(v));
       return Value::list(std::move(items));
     }},
    {"abs",
     [](const Value& v, const Arguments&) -> Result<Value> {
       if (!v.is_number()) return invalid_argument("abs: want a number, got {}", v.kind_name());
       return v.as_double() < 0 ? (v.is_float() ? Value::number(-v.as_double()) : Value::integer(-v.as_integer())) : v;
     }},
    {"wordcount",
     [](const Value& v, const Arguments&) -> Result<Value> {
       return Value::integer(static_cast<std::int64_t>(split(to_text(v), "", -1, false).size()));
     }},
    {"attr",
     [](const Value& v, const Arguments& a) -> Result<Value> {
       const Value* name = a.get(1, "name");
       return attribute_of(v, name != nullptr ? to_text(*name) : "");
     }},
    {"bool", [](const Value& v, const Arguments&) -> Result<Value> { return Value::boolean(v.is_true()); }},
    {"pprint", [](const Value& v, const Arguments&) -> Result<Value> { return Value::string(to_repr(v)); }},
}};

const FilterRow* find_filter(std::string_view name) {
  const auto* row = std::find_if(kFilters.begin(), kFilters.end(), [&](const FilterRow& f) { return f.name == name; });
  return row == kFilters.end() ? nullptr : row;
}

}  // namespace

bool has_filter(std::string_view name) {
  return find_filter(name) != nullptr;
}

Result<Value> apply_filter(std::string_view name, const Arguments& arguments) {
  const FilterRow* filter = find_filter(name);
  if (filter == nullptr) return invalid_argument("no filter named \"{}\"", name);
  if (arguments.positional.empty()) return invalid_argument("the filter \"{}\" wants a value", name);
  return filter->run(arguments.positional[0], arguments);
}

}  // namespace sixfold::tokenizer::jinja
