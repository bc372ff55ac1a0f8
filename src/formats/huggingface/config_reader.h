// Typed reads of the JSON files of a model folder.
#pragma once
#include "core/json_reader.h"

namespace sixfold::formats::huggingface {

using ConfigReader = JsonReader;

}  // namespace sixfold::formats::huggingface
