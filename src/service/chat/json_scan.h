// Reads JSON that comes byte by byte: where a value ends, and what a call {"name": ..., "arguments": {...}} says.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sixfold::service {

// Finds the end of one object or array: brackets are matched, strings are skipped, nothing else is checked.  One
// thread.
class JsonExtent {
 public:
  enum class State { kOpen, kDone, kBroken };
  // The first byte must be { or [.
  State take(char byte);
  bool is_in_text() const { return is_in_text_; }

 private:
  std::vector<char> open_;  // closing brackets that are due
  bool is_in_text_ = false;
  bool is_escaped_ = false;
};

// Reads one call.  An id and a type are skipped, and everything after the arguments; the arguments may come before the
// name, and may be a string that holds JSON.  One thread.
class JsonCallScan {
 public:
  enum class State { kOpen, kDone, kBroken };

  // names: of the functions that there are; a call of another is broken, which makes it text again.
  explicit JsonCallScan(const std::vector<std::string>& names) : names_(names) {}

  // kDone with the closing brace.  kBroken: the byte makes it something else than a call; it is part of raw().
  State take(char byte);

  // The name is known and the arguments have begun: from here on it is a call, whatever follows.
  bool is_call() const { return is_call_; }
  const std::string& name() const { return name_; }
  // Arguments that have come since the last time.
  std::string take_arguments() { return std::exchange(arguments_, {}); }
  // All bytes so far.
  const std::string& raw() const { return raw_; }

 private:
  enum class Place { kStart, kKeyOrEnd, kKey, kInKey, kColon, kValue, kInText, kInContainer, kInScalar, kAfterValue };
  State step(char byte);
  State begin_value(char byte);
  State end_value();
  State end_object();
  bool decides();
  bool is_arguments_key() const { return key_ == "arguments" || key_ == "parameters"; }
  bool is_name_key() const { return key_ == "name" || key_ == "function"; }
  bool is_known_key() const { return is_name_key() || is_arguments_key() || key_ == "id" || key_ == "type"; }

  const std::vector<std::string>& names_;
  Place place_ = Place::kStart;
  JsonExtent extent_;
  std::string key_, text_;  // JSON text without its quotes
  bool is_escaped_ = false;
  std::string name_, arguments_, raw_;
  bool has_arguments_ = false;
  bool is_call_ = false;
};

}  // namespace sixfold::service
