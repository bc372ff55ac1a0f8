// JSON in and out: parsing with limits, typed fields whose errors name the field, and fast escaping for answers.
#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "service/error_body.h"

namespace sixfold::service {

// A request's body, as core/json.h parses it.  Errors: invalid_argument, "body: ...".
Result<json::value> parse_json(std::string_view text);

// The same for a body that must be an object.
Parsed<json::value> parse_object(std::string_view body);

// Appends `text` as a JSON string with its quotes.  Bytes that are not UTF-8 become U+FFFD: the result is always valid.
void append_json_string(std::string& out, std::string_view text);
void append_json_string_or_null(std::string& out, std::string_view text);  // null when empty

// Appends JSON text without the white space between its parts, so that it is one line.  json: valid.
void append_compact(std::string& out, std::string_view json);

// Appends a finite number; infinities, which JSON lacks, become -9999 as OpenAI prints impossible logprobs.
void append_json_number(std::string& out, double number);
void append_json_number(std::string& out, float number);  // the shortest text that gives the same float
void append_json_integer(std::string& out, std::uint64_t number);

// Reads the fields of one object.  A field that is absent or null is nothing.  The first field of a wrong type or
// range makes the refusal; later reads go on, so that a parser needs one check at its end.  One thread; views the
// object, which must outlive it.
class FieldReader {
 public:
  // path: where the object stands, "messages[2]", put before each field's name.
  explicit FieldReader(const json::object& object, std::string path = {});

  const json::value* find(std::string_view name) const;
  std::optional<double> number(std::string_view name, double min, double max);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::string_view> text(std::string_view name);
  // A string, or an array of strings.
  std::vector<std::string> texts(std::string_view name, std::size_t count_max, std::size_t bytes_max);
  const json::object* object(std::string_view name);
  const json::array* array(std::string_view name);

  // "\"name\": want ..., got ...".
  void refuse(std::string_view name, std::string_view want, const json::value& got);
  // "\"name\": reason", in the reader's own words.
  void refuse(std::string_view name, std::string_view reason);
  void refuse(Refusal refusal);

  bool is_ok() const { return !refusal_.has_value(); }
  const std::optional<Refusal>& refusal() const { return refusal_; }
  const json::object& fields() const { return object_; }
  std::string path_of(std::string_view name) const;

 private:
  const json::object& object_;
  std::string path_;
  std::optional<Refusal> refusal_;
};

// Calls take(reader) for each object of the array, which stands in the owner's field `name`.  The first element that is
// no object, or that take() refuses, ends the loop and is the owner's refusal.
template <class Take>
void for_each_object(FieldReader& owner, std::string_view name, const json::array& array, Take take) {
  for (std::size_t index = 0; index < array.size() && owner.is_ok(); ++index) {
    const std::string path = std::string(name) + '[' + std::to_string(index) + ']';
    const json::value& item = array[index];
    if (!item.is_object()) return owner.refuse(path, "an object", item);
    FieldReader inner(item.get_object(), owner.path_of(path));
    take(inner);
    if (!inner.is_ok()) owner.refuse(*inner.refusal());
  }
}

// The same for a field that is an array of objects, or absent.
template <class Take>
void for_each_object(FieldReader& owner, std::string_view name, Take take) {
  if (const json::array* array = owner.array(name)) for_each_object(owner, name, *array, take);
}

}  // namespace sixfold::service
