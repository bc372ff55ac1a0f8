// Fields that hold texts: as strings or as ready token ids.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/json.h"

namespace sixfold::service {

// A string, an array of strings, token ids, or an array of those; at least one text.  Ids above the vocabulary are the
// engine's to refuse.
std::vector<Text> read_texts(FieldReader& reader, std::string_view name, std::size_t count_max);

}  // namespace sixfold::service
