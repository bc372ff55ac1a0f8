// Result carries values and errors through SIXFOLD_TRY.
#include "core/result.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace sixfold {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_argument("half of {}: want an even number", number);
  return number / 2;
}

Result<int> quarter(int number) {
  SIXFOLD_TRY(const int first, half(number));
  SIXFOLD_TRY(const int second, half(first));
  return second;
}

TEST(Result, try_passes_values_and_errors_on) {
  EXPECT_EQ(quarter(12).value(), 3);
  const auto failed = quarter(6);
  ASSERT_FALSE(failed.is_ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(failed.error().message, "half of 3: want an even number");
}

TEST(Result, every_code_has_a_status_and_an_exit_code) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    const ErrorCodeInfo& info = error_code_info(static_cast<ErrorCode>(code));
    EXPECT_GE(info.http_status, 400);
    EXPECT_GT(info.exit_code, 0);
    EXPECT_FALSE(info.name.empty());
  }
}

TEST(Result, context_is_put_before_the_message) {
  EXPECT_EQ(with_context(not_found("no such file"), "model.gguf").message, "model.gguf: no such file");
}

}  // namespace
}  // namespace sixfold
