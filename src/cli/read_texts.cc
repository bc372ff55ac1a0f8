// One text a line.
#include "cli/read_texts.h"

#include <algorithm>
#include <string_view>

#include "cli/read_input.h"
#include "core/error.h"

namespace sixfold::cli {

Result<std::vector<std::string>> collect_texts(const std::vector<std::string>& given, const std::string& file) {
  std::vector<std::string> texts = given;
  if (!file.empty()) {
    SIXFOLD_TRY(const std::string content, read_file_or_stdin(file));
    std::string_view rest = content;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) texts.emplace_back(line);
    }
  }
  if (texts.empty()) return invalid_argument("want at least one text, as an argument or with --file");
  return texts;
}

}  // namespace sixfold::cli
