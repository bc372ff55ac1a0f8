// Result<T>: a value, or an Error with one of ten codes and a message.  What the world can do wrong travels this way.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/check.h"

namespace sixfold {

// One table (error_code.cc) maps a code to its name, HTTP status and process exit code.
enum class ErrorCode {
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
  kUnauthenticated,
  kPermissionDenied,
  kResourceExhausted,
  kUnavailable,
  kDeadlineExceeded,
  kCorruptData,
  kInternal,
};

struct ErrorCodeInfo {
  ErrorCode code;
  std::string_view name;  // "invalid_argument"
  int http_status;        // 400
  int exit_code;          // of the command line program; sysexits.h where one fits
};

// Never fails: every code has a row.
const ErrorCodeInfo& error_code_info(ErrorCode code);

// What went wrong.  The message says what, where, expected and got, in one line and without a final stop.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

// Returns the same error with "where: " before its message.
inline Error with_context(Error error, std::string_view where) {
  error.message = std::string(where) + ": " + error.message;
  return error;
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool is_ok() const { return state_.index() == 0; }
  explicit operator bool() const { return is_ok(); }

  // Only after is_ok(); anything else is our own mistake and stops the program.
  T& value() & {
    SIXFOLD_CHECK(is_ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    SIXFOLD_CHECK(is_ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    SIXFOLD_CHECK(is_ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when !is_ok().
  const Error& error() const& {
    SIXFOLD_CHECK(!is_ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    SIXFOLD_CHECK(!is_ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

// Success without a value.
struct Unit {};
using Status = Result<Unit>;
inline Status ok() {
  return Unit{};
}

#define SIXFOLD_CONCAT_INNER(a, b) a##b
#define SIXFOLD_CONCAT(a, b) SIXFOLD_CONCAT_INNER(a, b)

// SIXFOLD_TRY(auto x, f()): x becomes the value, or the enclosing function returns the error.
#define SIXFOLD_TRY(declaration, expression)                             \
  auto SIXFOLD_CONCAT(sixfold_result_, __LINE__) = (expression);         \
  if (!SIXFOLD_CONCAT(sixfold_result_, __LINE__).is_ok())                \
    return std::move(SIXFOLD_CONCAT(sixfold_result_, __LINE__)).error(); \
  declaration = std::move(SIXFOLD_CONCAT(sixfold_result_, __LINE__)).value()

// SIXFOLD_TRY_STATUS(f()): returns the error of f from the enclosing function, if there is one.
#define SIXFOLD_TRY_STATUS(expression)                                                                         \
  do {                                                                                                         \
    if (auto sixfold_status = (expression); !sixfold_status.is_ok()) return std::move(sixfold_status).error(); \
  } while (false)

}  // namespace sixfold
