// Functions that every chat template may call, and slices.
#include <algorithm>
#include <array>
#include <ctime>

#include "core/error.h"
#include "tokenizer/jinja/builtins.h"

namespace sixfold::tokenizer::jinja {
namespace {

constexpr std::int64_t kRangeMax = 100'000;

Result<Value> range(const Arguments& arguments) {
  std::array<std::int64_t, 3> bounds = {0, 0, 1};  // begin, end, step
  const std::size_t count = arguments.positional.size();
  if (count == 0 || count > 3) return invalid_argument("range: want one to three ints, got {} arguments", count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!arguments.positional[i].is_integer()) {
      return invalid_argument("range: want an int, got {}", arguments.positional[i].kind_name());
    }
    bounds[count == 1 ? 1 : i] = arguments.positional[i].as_integer();
  }
  const auto [begin, end, step] = bounds;
  if (step == 0) return invalid_argument("range: the step must not be 0");
  for (const std::int64_t bound : bounds) {
    if (bound > (std::int64_t{1} << 40) || bound < -(std::int64_t{1} << 40))
      return invalid_argument("range: {} is too large", bound);
  }
  if ((end - begin) / step > kRangeMax)
    return resource_exhausted("chat template: range of more than {} values", kRangeMax);
  List values;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += step) values.push_back(Value::integer(i));
  return Value::list(std::move(values));
}

Result<Value> make_dict(const Arguments& arguments, bool is_namespace) {
  Dict dict;
  if (!arguments.positional.empty() && arguments.positional[0].is_dict())
    dict.entries = arguments.positional[0].as_dict().entries;
  for (const auto& [name, value] : arguments.named) dict.set(name, value);
  for (const auto& [name, value] : dict.entries) {
    if (value.depth() >= Value::kDepthMax) return invalid_argument("{}: containers nested too deep", name);
  }
  dict.is_namespace = is_namespace;
  return Value::dict(std::move(dict));
}

Result<Value> format_time(const Arguments& arguments, std::int64_t now_unix_seconds) {
  const Value* format = arguments.get(0, "format");
  if (format == nullptr || !format->is_string()) return invalid_argument("strftime_now: want a format str");
  if (format->as_string().empty()) return Value::string("");
  const auto now = static_cast<std::time_t>(now_unix_seconds);
  std::tm parts{};
  if (gmtime_r(&now, &parts) == nullptr) return invalid_argument("strftime_now: the time is out of range");
  std::array<char, 512> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), format->as_string().c_str(), &parts);
  if (length == 0) return invalid_argument("strftime_now: the result is longer than {} bytes", text.size());
  return Value::string(std::string(text.data(), length));
}

// Clamps a slice bound as Python does; `fallback` stands for none.
std::int64_t clamp_bound(const Value& bound, std::int64_t fallback, std::int64_t low, std::int64_t high,
                         std::int64_t size) {
  if (!bound.is_integer()) return fallback;
  const std::int64_t at = bound.as_integer() < 0 ? std::max(bound.as_integer(), -size - 1) + size : bound.as_integer();
  return std::clamp(at, low, high);
}

}  // namespace

Dict global_functions(std::int64_t now_unix_seconds) {
  Dict functions;
  functions.set("range", Value::function(range));
  functions.set("dict", Value::function([](const Arguments& arguments) { return make_dict(arguments, false); }));
  functions.set("namespace", Value::function([](const Arguments& arguments) { return make_dict(arguments, true); }));
  functions.set("raise_exception", Value::function([](const Arguments& arguments) -> Result<Value> {
                  const Value* message = arguments.get(0, "message");
                  return invalid_argument("the template refuses the messages: {}",
                                          message != nullptr ? to_text(*message) : "");
                }));
  functions.set("strftime_now", Value::function([now_unix_seconds](const Arguments& arguments) {
                  return format_time(arguments, now_unix_seconds);
                }));
  return functions;
}

Result<Value> slice(const Value& subject, const Value& begin, const Value& end, const Value& step) {
  if (subject.is_undefined()) return invalid_argument("\"{}\" is undefined", subject.undefined_name());
  if (!subject.is_list() && !subject.is_string()) return invalid_argument("cannot slice {}", subject.kind_name());
  const std::int64_t stride = step.is_integer() ? step.as_integer() : 1;
  if (stride == 0) return invalid_argument("a slice's step must not be 0");
  SIXFOLD_TRY(const std::vector<Value> items, iterate(subject));
  const auto size = static_cast<std::int64_t>(items.size());
  const std::int64_t low = stride > 0 ? 0 : -1;
  const std::int64_t high = stride > 0 ? size : size - 1;
  const std::int64_t first = clamp_bound(begin, stride > 0 ? 0 : size - 1, low, high, size);
  const std::int64_t last = clamp_bound(end, stride > 0 ? size : -1, low, high, size);
  List kept;
  // A stride longer than the sequence takes one item; bounding it keeps the sum below from overflowing.
  const std::int64_t bounded = std::clamp(stride, -size - 1, size + 1);
  for (std::int64_t i = first; stride > 0 ? i < last : i > last; i += bounded)
    kept.push_back(items[static_cast<std::size_t>(i)]);
  if (subject.is_list()) return Value::list(std::move(kept));
  std::string text;
  for (const Value& letter : kept) text += letter.as_string();
  return Value::string(std::move(text));
}

}  // namespace sixfold::tokenizer::jinja
