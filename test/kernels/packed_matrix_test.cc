// Packing: what is accepted, and how much memory it takes.
#include "kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/fast_hash.h"
#include "kernels/packed_layout.h"
#include "kernels/random_weights.h"

namespace sixfold::kernels {
namespace {

TEST(PackedMatrix, keeps_the_shape_and_type) {
  WorkerPool pool(2);
  const RandomWeights weights(DType::kQ4_K, 37, 512, 1);
  const auto packed = PackedMatrix::pack(weights.view(), pool);
  ASSERT_TRUE(packed.is_ok());
  EXPECT_EQ(packed->rows(), 37u);
  EXPECT_EQ(packed->cols(), 512u);
  EXPECT_EQ(packed->dtype(), DType::kQ4_K);
}

TEST(PackedMatrix, takes_about_the_memory_of_the_file) {
  WorkerPool pool(2);
  for (const DType dtype : kAllDTypes) {
    const RandomWeights weights(dtype, 64, 1024, 2);
    const auto packed = PackedMatrix::pack(weights.view(), pool);
    ASSERT_TRUE(packed.is_ok());
    const double ratio = static_cast<double>(packed->bytes()) / static_cast<double>(weights.view().bytes.size());
    EXPECT_GE(ratio, 1.0) << dtype_info(dtype).name;
    EXPECT_LE(ratio, 1.04) << dtype_info(dtype).name;
  }
}

TEST(PackedMatrix, moves) {
  WorkerPool pool(1);
  const RandomWeights weights(DType::kF32, 16, 1 << 16, 3);  // larger than a huge page
  auto first = PackedMatrix::pack(weights.view(), pool);
  ASSERT_TRUE(first.is_ok());
  PackedMatrix second = std::move(first).value();
  PackedMatrix third;
  EXPECT_EQ(third.rows(), 0u);
  third = std::move(second);
  EXPECT_EQ(third.rows(), 16u);
  EXPECT_EQ(third.bytes(), weights.view().bytes.size());
}

TEST(PackedMatrix, rejects_what_is_not_a_matrix) {
  WorkerPool pool(1);
  const RandomWeights weights(DType::kQ8_0, 4, 64, 4);
  TensorView view = weights.view();
  view.shape.rank = 1;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
  view.shape.rank = 3;
  view.shape.dims[2] = 1;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
  view = weights.view();
  view.shape.dims[0] = 0;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
  view = weights.view();
  view.shape.dims[1] = 0;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
}

TEST(PackedMatrix, rejects_part_of_a_block_and_names_the_tensor) {
  WorkerPool pool(1);
  const RandomWeights weights(DType::kQ8_0, 4, 64, 5);
  TensorView view = weights.view();
  view.shape.dims[1] = 48;
  const auto packed = PackedMatrix::pack(view, pool);
  ASSERT_FALSE(packed.is_ok());
  EXPECT_EQ(packed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(packed.error().message.find("random"), std::string::npos);
}

TEST(PackedMatrix, rejects_bytes_that_do_not_match_the_shape) {
  WorkerPool pool(1);
  const RandomWeights weights(DType::kQ8_0, 4, 64, 6);
  for (const std::size_t bytes : {std::size_t{0}, weights.view().bytes.size() - 1, weights.view().bytes.size() - 68}) {
    TensorView view = weights.view();
    view.bytes = view.bytes.first(bytes);
    EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
  }
  TensorView view = weights.view();
  view.shape.dims[0] = std::size_t{1} << 62;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
  view = weights.view();
  view.shape.dims[1] = std::size_t{1} << 62;
  EXPECT_EQ(PackedMatrix::pack(view, pool).error().code, ErrorCode::kInvalidArgument);
}

TEST(PackedMatrix, lies_over_bytes_that_were_packed_before) {
  WorkerPool pool(2);
  for (const DType dtype : kAllDTypes) {
    const RandomWeights weights(dtype, 37, 512, 7);
    const auto packed = PackedMatrix::pack(weights.view(), pool);
    ASSERT_TRUE(packed.is_ok());
    const std::span<const std::byte> bytes = packed->packed_bytes();
    EXPECT_EQ(bytes.size(), packed->bytes());
    const auto over = PackedMatrix::over(weights.view(), bytes);
    ASSERT_TRUE(over.is_ok()) << over.error().message;
    EXPECT_EQ(over->rows(), 37u);
    EXPECT_EQ(over->cols(), 512u);
    EXPECT_EQ(over->dtype(), dtype);
    EXPECT_EQ(over->packed_bytes().data(), bytes.data());
    const auto shorter = PackedMatrix::over(weights.view(), bytes.first(bytes.size() - 64));
    ASSERT_FALSE(shorter.is_ok());
    EXPECT_EQ(shorter.error().code, ErrorCode::kInvalidArgument);
  }
}

// Packed weights are kept on disk and used again by every program of the same kPackedLayoutVersion.  When this test
// fails because packing has changed, give the version its next number here and in packed_layout.h, and put in the new
// hash.
TEST(PackedMatrix, packs_the_bytes_that_its_layout_version_promises) {
  WorkerPool pool(2);
  std::uint64_t hash = 0;
  for (const DType dtype : kAllDTypes) {
    const RandomWeights weights(dtype, 37, 512, 8);
    const auto packed = PackedMatrix::pack(weights.view(), pool);
    ASSERT_TRUE(packed.is_ok());
    hash = fast_hash(packed->packed_bytes(), hash);
  }
  EXPECT_EQ(kPackedLayoutVersion, 8u);
  EXPECT_EQ(hash, 4958660703738805615u);
}

}  // namespace
}  // namespace sixfold::kernels
