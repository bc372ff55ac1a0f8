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

// A format of JSON Schema 2020-12 that is not enforced.  Others that are not known are the schema's own and say
// nothing, as the standard has it.
bool is_standard_format(std::string_view format);

}  // namespace sixfold::grammar
