// What a JSON Schema allows, in a form that can be written as a grammar: a list of shapes, of which a value has one.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "grammar/decimal.h"
#include "grammar/dfa.h"

namespace sixfold::grammar {

// Schemas that a value must satisfy all.  They point into the document.
using Schemas = std::vector<const json::value*>;

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

struct CountRange {
  std::uint64_t least = 0;
  std::uint64_t most = kNoLimit;
};

struct StringShape {
  CountRange length;  // in characters
  std::vector<std::shared_ptr<const Dfa>> languages;
};

struct ArrayShape {
  // What one schema says about items: those in front, and all others.
  struct Layer {
    Schemas front;
    const json::value* rest = nullptr;  // null: anything
  };
  std::vector<Layer> layers;
  CountRange length;
};

struct ObjectShape {
  // What one schema says about properties: by name, by pattern, and about those that neither names nor patterns meet.
  struct Pattern {
    std::shared_ptr<const Dfa> names;
    const json::value* schema = nullptr;
  };
  struct Layer {
    const json::object* properties = nullptr;  // schemas by name, of the document; null: none
    std::vector<Pattern> patterns = {};
    const json::value* others = nullptr;     // null: anything
    std::optional<std::string> absent = {};  // a name that no property may have
  };
  std::vector<Layer> layers;
  std::vector<std::string> required;  // each once
  Schemas name_schemas;               // of propertyNames
  CountRange length;                  // in properties
};

enum TypeBit : unsigned {
  kNullBit = 1,
  kBooleanBit = 2,
  kNumberBit = 4,
  kStringBit = 8,
  kArrayBit = 16,
  kObjectBit = 32,
  kAllBits = 63,
};

// A value has this shape when its type is allowed, it meets what is said of its type, and it is one of the choices.
struct Shape {
  unsigned types = kAllBits;
  NumberBounds number;
  StringShape string;
  ArrayShape array;
  ObjectShape object;
  std::optional<std::vector<const json::value*>> choices;
};

unsigned type_bit_of(const json::value& value);

}  // namespace sixfold::grammar
