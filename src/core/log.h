// The program's log: one line to stderr per event, through spdlog.  Secrets and prompts are never logged.
#pragma once
#include <spdlog/spdlog.h>

#include <string_view>

#include "core/result.h"

namespace sixfold {

enum class LogFormat { kText, kJson };

// Sets level ("trace" "debug" "info" "warn" "error" "off") and format.  Call once, before threads start.
// Errors: invalid_argument for an unknown level.
Status configure_log(std::string_view level, LogFormat format);

}  // namespace sixfold
