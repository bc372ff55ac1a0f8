// A handler for Boost.JSON's streaming parser that builds the value and keeps the keys of every open object.
#include "formats/strict_json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <new>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/error.h"
#include "formats/checkpoint_builder.h"

namespace sixfold::formats {
namespace {

namespace json = boost::json;

// What basic_parser asks of a handler.  A step that returns false ends the parse; problem() then says why.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  explicit StrictHandler(std::size_t values_max) : values_left_(values_max) { values_.reset(); }

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
    if (!is_new) return refuse("want unique keys, got " + quoted(*key) + " twice", error);
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

  json::value_stack values_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the open objects, outermost first
  std::string key_;                                    // what has come of the current one
  std::size_t values_left_;
  std::string problem_;
};

Result<json::value> parse(std::string_view text, std::string_view name, const JsonLimits& limits) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<StrictHandler> parser(options, limits.values);
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

Result<json::value> parse_strict_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  try {
    return parse(text, name, limits);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for its JSON", name);
  } catch (const std::exception& exception) {  // a string or array beyond what Boost.JSON can hold
    return corrupt_data("{}: {}", name, exception.what());
  }
}

}  // namespace sixfold::formats
