// The one table from error code to name, HTTP status and exit code.
#include <array>
#include <cstddef>

#include "core/result.h"

namespace sixfold {
namespace {

// Exit codes: EX_USAGE 64, EX_DATAERR 65, EX_NOINPUT 66, EX_UNAVAILABLE 69, EX_SOFTWARE 70, EX_CANTCREAT 73,
// EX_TEMPFAIL 75, EX_NOPERM 77 of sysexits.h.
constexpr std::array<ErrorCodeInfo, 10> kTable = {{
    {ErrorCode::kInvalidArgument, "invalid_argument", 400, 64},
    {ErrorCode::kNotFound, "not_found", 404, 66},
    {ErrorCode::kAlreadyExists, "already_exists", 409, 73},
    {ErrorCode::kUnauthenticated, "unauthenticated", 401, 77},
    {ErrorCode::kPermissionDenied, "permission_denied", 403, 77},
    {ErrorCode::kResourceExhausted, "resource_exhausted", 429, 75},
    {ErrorCode::kUnavailable, "unavailable", 503, 69},
    {ErrorCode::kDeadlineExceeded, "deadline_exceeded", 504, 75},
    {ErrorCode::kCorruptData, "corrupt_data", 422, 65},
    {ErrorCode::kInternal, "internal", 500, 70},
}};

}  // namespace

const ErrorCodeInfo& error_code_info(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  SIXFOLD_CHECK(index < kTable.size() && kTable[index].code == code);
  return kTable[index];
}

}  // namespace sixfold
