// Shapes, and whether values are as many as a shape says.
#include "tensor/host_tensor.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/tensor_limits.h"

namespace sixfold {
namespace {

TEST(HostTensor, types_have_their_own_rows_in_the_table) {
  for (int i = 0; i <= static_cast<int>(ElementType::kString); ++i) {
    const auto type = static_cast<ElementType>(i);
    EXPECT_EQ(element_type_info(type).type, type);
    EXPECT_EQ(element_type_from_protocol(element_type_info(type).protocol_name), type);
  }
  EXPECT_FALSE(element_type_from_protocol("FP16").has_value());
}

TEST(HostTensor, element_counts_never_overflow) {
  EXPECT_EQ(*element_count({}), 1u);
  EXPECT_EQ(*element_count({2, 3, 4}), 24u);
  EXPECT_EQ(*element_count({5, 0, 4}), 0u);
  const auto largest = std::numeric_limits<std::int64_t>::max();
  for (const TensorShape& shape : {TensorShape{-1}, TensorShape{largest}, TensorShape{largest, largest},
                                   TensorShape{1 << 20, 1 << 20}, TensorShape{0, largest}, TensorShape{largest, 0}}) {
    EXPECT_FALSE(element_count(shape).is_ok()) << shown_shape(shape);
  }
}

TEST(HostTensor, shapes_are_shown_with_names_where_there_are_some) {
  EXPECT_EQ(shown_shape({}), "[]");
  EXPECT_EQ(shown_shape({-1, 2}), "[?, 2]");
  EXPECT_EQ(shown_shape({-1, -1, 2}, {"batch", "", ""}), "[batch, ?, 2]");
}

TEST(HostTensor, check_compares_rank_lengths_and_values) {
  const TensorSpec spec{.name = "x", .type = ElementType::kI32, .shape = {-1, 2}, .dimension_names = {}};
  HostTensor tensor{
      .name = "x", .type = ElementType::kI32, .shape = {3, 2}, .bytes = std::vector<std::byte>(24), .strings = {}};
  EXPECT_TRUE(check_against(spec, tensor).is_ok());
  tensor.bytes.pop_back();
  EXPECT_FALSE(check_against(spec, tensor).is_ok());
  tensor.bytes.resize(24);
  tensor.shape = {2, 3};
  EXPECT_EQ(check_against(spec, tensor).error().message, "want shape [?, 2], got [2, 3]");
  tensor.shape = {3, 2, 1};
  EXPECT_FALSE(check_against(spec, tensor).is_ok());
}

}  // namespace
}  // namespace sixfold
