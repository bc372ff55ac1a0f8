// JSON from a model's folder, parsed strictly: a key given twice in one object, deep nesting and too many values are
// refused while parsing.  (Boost.JSON's own parser silently keeps the last of two keys.)
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "core/result.h"

namespace sixfold::formats {

struct JsonLimits {
  std::size_t depth = 32;
  std::size_t values = std::size_t{4} << 20;  // keys count too; memory is at most some 60 bytes for each, plus the text
};

// name: the file, for messages.  Errors: corrupt_data with the byte where the text stops being acceptable,
// resource_exhausted.
Result<boost::json::value> parse_strict_json(std::string_view text, std::string_view name,
                                             const JsonLimits& limits = {});

}  // namespace sixfold::formats
