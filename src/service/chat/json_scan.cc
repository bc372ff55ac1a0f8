// One byte at a time, so that the result cannot depend on how the text was cut.
#include "service/chat/json_scan.h"

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "core/limits.h"
#include "service/chat/piece_writer.h"

namespace sixfold::service {
namespace {

// Names and keys longer than any that a request can have.
constexpr std::size_t kKeyBytesMax = 1024;
// Of a call that has not been recognised yet; until then its text is held back from the client.
constexpr std::size_t kHeldBytesMax = std::size_t{1} << 20;

// The text of a JSON string given without its quotes; false when it is none.
bool decode(const std::string& inside, std::string& text) {
  const auto value = parse_json("\"" + inside + "\"", "string");
  if (!value.is_ok() || !value->is_string()) return false;
  text = std::string(value->get_string());
  return true;
}

}  // namespace

JsonExtent::State JsonExtent::take(char byte) {
  if (is_in_text_) {
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (byte == '\\') {
      is_escaped_ = true;
    } else if (byte == '"') {
      is_in_text_ = false;
    }
    return State::kOpen;
  }
  switch (byte) {
    case '"':
      is_in_text_ = true;
      break;
    case '{':
    case '[':
      if (open_.size() >= limits::kJsonDepthMax) return State::kBroken;
      open_.push_back(byte == '{' ? '}' : ']');
      break;
    case '}':
    case ']':
      if (open_.empty() || open_.back() != byte) return State::kBroken;
      open_.pop_back();
      if (open_.empty()) return State::kDone;
      break;
    default:
      break;
  }
  return open_.empty() ? State::kBroken : State::kOpen;
}

JsonCallScan::State JsonCallScan::take(char byte) {
  raw_ += byte;
  if (!is_call_ && raw_.size() > kHeldBytesMax) return State::kBroken;
  return step(byte);
}

JsonCallScan::State JsonCallScan::step(char byte) {
  const bool is_space = is_output_space(byte);
  switch (place_) {
    case Place::kStart:
      if (byte != '{') return State::kBroken;
      place_ = Place::kKeyOrEnd;
      return State::kOpen;
    case Place::kKeyOrEnd:
    case Place::kKey:
      if (is_space) return State::kOpen;
      if (byte == '}' && place_ == Place::kKeyOrEnd) return end_object();
      if (byte != '"') return State::kBroken;
      key_.clear();
      place_ = Place::kInKey;
      return State::kOpen;
    case Place::kInKey:
      if (byte == '"') {
        if (!is_call_ && !is_known_key()) return State::kBroken;  // an object of another kind
        place_ = Place::kColon;
      } else if (byte == '\\' || key_.size() >= kKeyBytesMax) {
        return State::kBroken;  // no key of a call needs an escape
      } else {
        key_ += byte;
      }
      return State::kOpen;
    case Place::kColon:
      if (is_space) return State::kOpen;
      if (byte != ':') return State::kBroken;
      place_ = Place::kValue;
      return State::kOpen;
    case Place::kValue:
      return is_space ? State::kOpen : begin_value(byte);
    case Place::kInText:
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (byte == '\\') {
        is_escaped_ = true;
      } else if (byte == '"') {
        return end_value();
      }
      text_ += byte;
      return State::kOpen;
    case Place::kInContainer: {
      const JsonExtent::State state = extent_.take(byte);
      if (state == JsonExtent::State::kBroken) return State::kBroken;
      if (is_arguments_key()) arguments_ += byte;
      if (state == JsonExtent::State::kDone) place_ = Place::kAfterValue;
      return State::kOpen;
    }
    case Place::kInScalar:
      if (byte != ',' && byte != '}' && !is_space) return State::kOpen;
      place_ = Place::kAfterValue;
      return step(byte);
    case Place::kAfterValue:
      if (is_space) return State::kOpen;
      if (byte == ',') {
        place_ = Place::kKey;
        return State::kOpen;
      }
      return byte == '}' ? end_object() : State::kBroken;
  }
  return State::kBroken;
}

JsonCallScan::State JsonCallScan::begin_value(char byte) {
  if (is_arguments_key()) {
    if (has_arguments_) return State::kBroken;
    has_arguments_ = true;
  }
  if (byte == '"') {
    text_.clear();
    place_ = Place::kInText;
    return State::kOpen;
  }
  if (is_name_key()) return State::kBroken;
  if (byte == '{' || byte == '[') {
    if (byte == '[' && is_arguments_key()) return State::kBroken;
    extent_ = {};
    extent_.take(byte);
    place_ = Place::kInContainer;
    if (is_arguments_key()) {
      arguments_ += byte;
      if (!name_.empty() && !decides()) return State::kBroken;
    }
    return State::kOpen;
  }
  const bool is_scalar = byte == '-' || (byte >= '0' && byte <= '9') || byte == 't' || byte == 'f' || byte == 'n';
  if (!is_scalar || (is_arguments_key() && byte != 'n')) return State::kBroken;
  if (is_arguments_key()) has_arguments_ = false;  // null: as if there were none
  place_ = Place::kInScalar;
  return State::kOpen;
}

// Of a string.
JsonCallScan::State JsonCallScan::end_value() {
  place_ = Place::kAfterValue;
  if (is_name_key()) {
    if (!name_.empty() || text_.size() > kKeyBytesMax || !decode(text_, name_) || name_.empty()) return State::kBroken;
    if (has_arguments_ && !decides()) return State::kBroken;
  } else if (is_arguments_key()) {
    if (!decode(text_, arguments_)) return State::kBroken;
    if (!name_.empty() && !decides()) return State::kBroken;
  }
  return State::kOpen;
}

JsonCallScan::State JsonCallScan::end_object() {
  if (name_.empty()) return State::kBroken;
  if (!is_call_ && !decides()) return State::kBroken;
  if (!has_arguments_) arguments_ = "{}";
  return State::kDone;
}

bool JsonCallScan::decides() {
  is_call_ = std::find(names_.begin(), names_.end(), name_) != names_.end();
  return is_call_;
}

}  // namespace sixfold::service
