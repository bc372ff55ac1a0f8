// A handler for Boost.JSON's streaming parser that builds the value and keeps the keys of every open object.
#include "core/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <exception>
#include <new>
#include <unordered_set>
#include <vector>

#include "core/error.h"

namespace sixfold {
namespace {

constexpr std::size_t kShownBytesMax = 48;

// The longest front of `text` that a message shows, which does not cut a character.
std::string shown_text(std::string_view text) {
  std::size_t size = std::min(text.size(), kShownBytesMax);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return json::serialize(json::string(text.substr(0, size))) + (size < text.size() ? "..." : "");
}

const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}

// What basic_parser asks of a handler.  A step that returns false ends the parse; problem() then says why.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  StrictHandler(std::size_t values_max, json::storage_ptr memory)
      : values_({}, stack_.data(), stack_.size()), values_left_(values_max) {
    values_.reset(std::move(memory));
  }

  const std::string& problem() const { return problem_; }
  json::value take() { return values_.release(); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code& error) {
    keys_.emplace_back();
    return count(error);
  }
  bool on_object_end(std::size_t size, json::error_code&) {
    keys_.pop_back();
    values_.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code& error) { return count(error); }
  bool on_array_end(std::size_t size, json::error_code&) {
    values_.push_array(size);
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_ += part;
    values_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_ += part;
    const auto [key, is_new] = keys_.back().insert(std::move(key_));
    key_.clear();
    if (!is_new) return refuse("want unique keys, got " + shown_text(*key) + " twice", error);
    values_.push_key(part);
    return count(error);
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    values_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    values_.push_string(part);
    return count(error);
  }

  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
    values_.push_int64(number);
    return count(error);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
    values_.push_uint64(number);
    return count(error);
  }
  bool on_double(double number, json::string_view, json::error_code& error) {
    values_.push_double(number);
    return count(error);
  }
  bool on_bool(bool flag, json::error_code& error) {
    values_.push_bool(flag);
    return count(error);
  }
  bool on_null(json::error_code& error) {
    values_.push_null();
    return count(error);
  }

  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool refuse(std::string problem, json::error_code& error) {
    problem_ = std::move(problem);
    error = json::error::exception;
    return false;
  }
  bool count(json::error_code& error) {
    if (values_left_ == 0) return refuse("too many values", error);
    --values_left_;
    return true;
  }

  std::array<unsigned char, 1024> stack_;  // where values_ begins; it goes on on the heap
  json::value_stack values_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the open objects, outermost first
  std::string key_;                                    // what has come of the current one
  std::size_t values_left_;
  std::string problem_;
};

Result<json::value> parse(std::string_view text, std::string_view name, const JsonLimits& limits,
                          json::storage_ptr memory) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<StrictHandler> parser(options, limits.values, std::move(memory));
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!parser.handler().problem().empty()) {
    return corrupt_data("{}: {}, at byte {}", name, parser.handler().problem(), read);
  }
  if (error) return corrupt_data("{}: want JSON, got something else at byte {} ({})", name, read, error.message());
  if (read != text.size()) return corrupt_data("{}: want the end of the JSON text at byte {}, got more", name, read);
  return parser.handler().take();
}

}  // namespace

Result<json::value> parse_json(std::string_view text, std::string_view name, const JsonLimits& limits,
                               json::storage_ptr memory) {
  try {
    return parse(text, name, limits, std::move(memory));
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for its JSON", name);
  } catch (const std::exception& exception) {  // a string or array beyond what Boost.JSON can hold
    return corrupt_data("{}: {}", name, exception.what());
  }
}

Result<json::object> parse_json_object(std::string_view text, std::string_view name, const JsonLimits& limits) {
  SIXFOLD_TRY(json::value value, parse_json(text, name, limits));
  if (!value.is_object()) return corrupt_data("{}: want a JSON object, got {}", name, shown_json(value));
  return std::move(value.get_object());
}

std::string shown_json(const json::value& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  if (value.is_double()) return fmt::format("{}", value.get_double());  // as people write it: 1.5, not 1.5E0
  if (!value.is_string()) return json::serialize(value);
  return shown_text({value.get_string().data(), value.get_string().size()});
}

std::optional<std::uint64_t> as_unsigned(const json::value& value) {
  if (const std::uint64_t* number = value.if_uint64()) return *number;
  const std::int64_t* number = value.if_int64();
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<std::int64_t> as_integer(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  constexpr double kExactMax = 9007199254740992.0;  // 2^53: above it a double no longer tells integers apart
  if (!(std::fabs(number) <= kExactMax) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> as_number(const json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  if (const std::int64_t* number = value.if_int64()) return static_cast<double>(*number);
  if (const std::uint64_t* number = value.if_uint64()) return static_cast<double>(*number);
  return std::nullopt;
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::uint64_t> count_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? std::nullopt : as_unsigned(*value);
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view name) {
  const json::value* value = find(object, name);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace sixfold
