// Python's string functions, shared by filters and methods.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sixfold::tokenizer::jinja {

// Letters outside of ASCII stay as they are.
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);

// characters empty = white space.
std::string strip(std::string_view text, std::string_view characters, bool left, bool right);

// limit < 0: all.
std::string replace(std::string_view text, std::string_view from, std::string_view to, long limit);

// separator empty = runs of white space.  splits_max < 0: all.  from_right: rsplit.
std::vector<std::string> split(std::string_view text, std::string_view separator, long splits_max, bool from_right);

std::vector<std::string> split_lines(std::string_view text);

}  // namespace sixfold::tokenizer::jinja
