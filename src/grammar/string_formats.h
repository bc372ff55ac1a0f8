// The values of JSON Schema's "format" that are enforced.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sixfold::grammar {

// A regular expression for the whole text, or empty for a format that is not known.  Each allows only texts of the
// format; of some it leaves rare ones out (docs/structured_output.md).
std::string pattern_of_format(std::string_view format);

std::vector<std::string_view> known_formats();

}  // namespace sixfold::grammar
