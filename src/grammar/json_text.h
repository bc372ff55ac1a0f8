// JSON values as text, and which of them are equal.
#pragma once
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/json.h"

namespace sixfold::grammar {

// As JSON.stringify writes it: no spaces, members in their order, each character in its shortest form.
void append_json(std::string& out, const json::value& value);

// As JSON Schema compares: 1 and 1.0 are one number; the order of members does not count.
bool is_equal(const json::value& left, const json::value& right);

// Equal values have equal ones.
std::size_t hash_of(const json::value& value);

// Values, each once; equal as is_equal has it.  They must outlive it.  One thread.
class ValueSet {
 public:
  explicit ValueSet(const std::vector<const json::value*>& values);
  bool contains(const json::value& value) const;
  // False: it was there.
  bool add(const json::value& value);

 private:
  std::unordered_multimap<std::size_t, const json::value*> values_;  // by their hashes
};

}  // namespace sixfold::grammar
