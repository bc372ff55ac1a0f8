// Instruction sets are chosen by name, and a wrong name says which are right.
#include "kernels/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sixfold::kernels {
namespace {

TEST(Dispatch, scalar_is_always_usable_and_last) {
  const auto names = usable_isas();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "scalar");
  EXPECT_EQ(isa_rows().back().name, "scalar");
}

TEST(Dispatch, every_usable_name_can_be_selected) {
  for (const std::string_view name : usable_isas()) {
    ASSERT_TRUE(select_isa(name).is_ok());
    EXPECT_EQ(active_isa(), name);
  }
  ASSERT_TRUE(select_isa("").is_ok());
  EXPECT_EQ(active_isa(), usable_isas().front());
}

TEST(Dispatch, unknown_name_is_an_error_that_lists_the_usable_ones) {
  const std::string before(active_isa());
  const auto failed = select_isa("avx1024");
  ASSERT_FALSE(failed.is_ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(failed.error().message, testing::HasSubstr("avx1024"));
  for (const std::string_view name : usable_isas()) {
    EXPECT_THAT(failed.error().message, testing::HasSubstr(std::string(name)));
  }
  EXPECT_EQ(active_isa(), before);
}

TEST(Dispatch, cpu_description_names_something) {
  EXPECT_FALSE(cpu_description().empty());
}

}  // namespace
}  // namespace sixfold::kernels
