// Makes an Error with a formatted message: invalid_argument("tensor {}: shape {}", name, shape).
#pragma once
#include <fmt/format.h>

#include <utility>

#include "core/result.h"

namespace sixfold {

#define SIXFOLD_ERROR_MAKER(function, enumerator)                                     \
  template <class... Args>                                                            \
  Error function(fmt::format_string<Args...> format, Args&&... args) {                \
    return {ErrorCode::enumerator, fmt::format(format, std::forward<Args>(args)...)}; \
  }

SIXFOLD_ERROR_MAKER(invalid_argument, kInvalidArgument)
SIXFOLD_ERROR_MAKER(not_found, kNotFound)
SIXFOLD_ERROR_MAKER(already_exists, kAlreadyExists)
SIXFOLD_ERROR_MAKER(unauthenticated, kUnauthenticated)
SIXFOLD_ERROR_MAKER(permission_denied, kPermissionDenied)
SIXFOLD_ERROR_MAKER(resource_exhausted, kResourceExhausted)
SIXFOLD_ERROR_MAKER(unavailable, kUnavailable)
SIXFOLD_ERROR_MAKER(deadline_exceeded, kDeadlineExceeded)
SIXFOLD_ERROR_MAKER(corrupt_data, kCorruptData)
SIXFOLD_ERROR_MAKER(internal_error, kInternal)

#undef SIXFOLD_ERROR_MAKER

}  // namespace sixfold
