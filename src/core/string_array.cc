// Fills arrays of texts from lists of them.
#include "core/string_array.h"

namespace sixfold {

StringArray::StringArray(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) push_back(text);
}

StringArray::StringArray(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) push_back(text);
}

}  // namespace sixfold
