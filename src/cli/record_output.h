// Models of the store as people and programs read them.
#pragma once
#include <string>

#include "registry/push/push.h"
#include "registry/record.h"

namespace sixfold::cli {

// One object; record.folder is absolute.
std::string record_json(const registry::Record& record);

std::string pushed_json(const registry::Pushed& pushed);

// "2026-03-14 15:09", local time.
std::string local_time(std::int64_t unix_seconds);

}  // namespace sixfold::cli
