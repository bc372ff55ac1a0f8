// Safetensors files, good and broken.
#include "formats/safetensors_read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "formats/safetensors_file.h"

namespace sixfold::formats {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// w: BF16 [2, 3] at 0, flag: BOOL [] at 12, none: F32 [0, 5] at 13, v: F32 [2] at 13, which no float may lie at.
constexpr std::string_view kHeader = R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[13,21]},)"
                                     R"("w":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},)"
                                     R"("none":{"dtype":"F32","shape":[0,5],"data_offsets":[13,13]},)"
                                     R"("flag":{"dtype":"BOOL","shape":[],"data_offsets":[12,13]},)"
                                     R"("__metadata__":{"format":"pt"}}   )";

std::vector<std::byte> sample_data() {
  std::vector<std::byte> data(21);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i + 1);
  return data;
}

std::string error_of_image(std::span<const std::byte> image) {
  const auto read = read_safetensors(image, "m.safetensors");
  return read.is_ok() ? "accepted" : read.error().message;
}

std::string error_of_header(std::string_view header, std::size_t data_bytes) {
  return error_of_image(make_safetensors(header, std::vector<std::byte>(data_bytes)));
}

// The good header with one part replaced.
std::string error_with(std::string_view from, std::string_view to) {
  std::string header(kHeader);
  const std::size_t at = header.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  header.replace(at, from.size(), to);
  return error_of_image(make_safetensors(header, sample_data()));
}

TEST(SafetensorsRead, reads_tensors_in_the_order_of_their_bytes) {
  const auto image = make_safetensors(kHeader, sample_data());
  const auto read = read_safetensors(image, "m.safetensors");
  ASSERT_TRUE(read.is_ok()) << read.error().message;
  ASSERT_EQ(read->size(), 4u);
  const SafetensorsTensor& w = (*read)[0];
  EXPECT_EQ(w.name, "w");
  EXPECT_EQ(w.type, "BF16");
  EXPECT_EQ(w.dtype, DType::kBF16);
  EXPECT_EQ(w.shape, (Shape{{2, 3}, 2}));
  ASSERT_EQ(w.bytes.size(), 12u);
  EXPECT_EQ(w.bytes[0], std::byte{1});
  const SafetensorsTensor& flag = (*read)[1];
  EXPECT_EQ(flag.type, "BOOL");
  EXPECT_FALSE(flag.dtype.has_value());
  EXPECT_EQ(flag.shape.rank, 0u);
  EXPECT_EQ((*read)[2].name, "none");
  EXPECT_TRUE((*read)[2].bytes.empty());
  const SafetensorsTensor& v = (*read)[3];
  EXPECT_EQ(v.bytes[0], std::byte{14});
}

TEST(SafetensorsRead, hands_out_views_of_the_types_that_are_computed_with) {
  const auto image = make_safetensors(kHeader, sample_data());
  const auto read = read_safetensors(image, "m.safetensors");
  ASSERT_TRUE(read.is_ok());
  const auto view = to_tensor_view((*read)[0], "m.safetensors");
  ASSERT_TRUE(view.is_ok());
  EXPECT_EQ(view->name, "w");
  EXPECT_EQ(view->dtype, DType::kBF16);
  const auto refused = to_tensor_view((*read)[1], "m.safetensors");
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().message,
            "m.safetensors: tensor \"flag\": want elements of type F32, F16 or BF16, got BOOL");
}

TEST(SafetensorsRead, takes_a_file_without_tensors) {
  EXPECT_EQ(error_of_header("{}", 0), "accepted");
  EXPECT_THAT(error_of_header("{}", 1), HasSubstr("want 0 bytes of tensor data, as the header says, got 1"));
}

TEST(SafetensorsRead, refuses_every_truncation) {
  const auto image = make_safetensors(kHeader, sample_data());
  for (std::size_t length = 0; length < image.size(); ++length) {
    EXPECT_NE(error_of_image(std::span(image).first(length)), "accepted") << length;
  }
}

TEST(SafetensorsRead, refuses_trailing_bytes) {
  auto image = make_safetensors(kHeader, sample_data());
  image.push_back(std::byte{0});
  EXPECT_THAT(error_of_image(image), HasSubstr("want 21 bytes of tensor data, as the header says, got 22"));
}

TEST(SafetensorsRead, refuses_a_header_length_beyond_the_file_or_the_limit) {
  auto image = make_safetensors(kHeader, sample_data());
  for (const std::uint64_t length : {std::uint64_t{100'000'001}, ~std::uint64_t{0}}) {
    std::memcpy(image.data(), &length, sizeof length);
    EXPECT_THAT(error_of_image(image), HasSubstr("header length: want at most 100000000"));
  }
  const std::uint64_t length = image.size() - 7;
  std::memcpy(image.data(), &length, sizeof length);
  EXPECT_THAT(error_of_image(image), HasSubstr("header length: want at most the"));
  EXPECT_THAT(error_of_image(std::vector<std::byte>(7)), HasSubstr("want at least 8 bytes, got 7"));
}

TEST(SafetensorsRead, refuses_a_header_that_is_no_object) {
  EXPECT_THAT(error_of_header("", 0), HasSubstr("header: want \"{\" at its start"));
  EXPECT_THAT(error_of_header("[]", 0), HasSubstr("header: want \"{\" at its start"));
  EXPECT_THAT(error_of_header(" {}", 0), HasSubstr("header: want \"{\" at its start"));
  EXPECT_THAT(error_of_header("{} x", 0), HasSubstr("header"));
  EXPECT_THAT(error_of_header("{\"w\": nope}", 0), HasSubstr("want JSON"));
  EXPECT_THAT(error_of_header("{\"\xff\":{}}", 0), HasSubstr("want JSON"));
}

TEST(SafetensorsRead, refuses_a_name_given_twice) {
  EXPECT_THAT(error_with("\"flag\":", "\"v\":"), HasSubstr("want unique keys, got \"v\" twice"));
  // The same name in another spelling.
  EXPECT_THAT(error_with("\"flag\":", "\"\\u0076\":"), HasSubstr("want unique keys, got \"v\" twice"));
  EXPECT_THAT(error_with(R"("shape":[2])", R"("shape":[2],"shape":[2])"), HasSubstr("got \"shape\" twice"));
}

TEST(SafetensorsRead, refuses_each_field_that_is_wrong) {
  EXPECT_EQ(error_with("BF16", "BF17"), "m.safetensors: tensor \"w\": dtype: want a type of the format, got \"BF17\"");
  EXPECT_THAT(error_with("\"BF16\"", "16"), HasSubstr("tensor \"w\": dtype: want a string"));
  EXPECT_THAT(error_with("\"dtype\":\"BF16\",", ""), HasSubstr("tensor \"w\": dtype: want a string, got none"));
  EXPECT_THAT(error_with("[2,3]", "[2,4]"), HasSubstr("want 128 bits for BF16 [2, 4], got 12 bytes"));
  EXPECT_THAT(error_with("[2,3]", "[2,-3]"), HasSubstr("shape: want integers of at least 0"));
  EXPECT_THAT(error_with("[2,3]", "[2,3.0]"), HasSubstr("shape: want integers of at least 0"));
  EXPECT_THAT(error_with("[2,3]", "6"), HasSubstr("shape: want an array"));
  EXPECT_THAT(error_with("[2,3]", "[1,1,1,2,3]"), HasSubstr("shape: want at most 4 dimensions, got 5"));
  EXPECT_THAT(error_with("[2,3]", "[8589934592,8589934592]"), HasSubstr("shape: want a size below 2^64 bits"));
  EXPECT_THAT(error_with("[0,12]", "[0]"), HasSubstr("data_offsets: want an array of begin and end"));
  EXPECT_THAT(error_with("[0,12]", "[12,0]"), HasSubstr("data_offsets: want integers from 0, the end not before"));
  EXPECT_THAT(error_with("[0,12]", "[-12,0]"), HasSubstr("data_offsets: want integers from 0"));
  EXPECT_THAT(error_with("\"pt\"", "5"), AllOf(HasSubstr("__metadata__"), HasSubstr("want a string")));
  EXPECT_THAT(error_with("{\"format\":\"pt\"}", "[]"), HasSubstr("__metadata__: want an object of strings"));
  EXPECT_THAT(error_with(R"({"dtype":"BOOL","shape":[],"data_offsets":[12,13]})", "7"),
              HasSubstr("tensor \"flag\": want an object"));
}

TEST(SafetensorsRead, refuses_part_of_a_byte) {
  EXPECT_THAT(error_of_header(R"({"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1),
              HasSubstr("want 12 bits"));
  EXPECT_EQ(error_of_header(R"({"w":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", 1), "accepted");
}

TEST(SafetensorsRead, refuses_holes_and_overlaps) {
  const auto two = [](int begin, int end, std::size_t data_bytes) {
    return error_of_header(fmt::format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":[0,4]}},)"
                                       R"("b":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}}})",
                                       end - begin, begin, end),
                           data_bytes);
  };
  EXPECT_EQ(two(4, 6, 6), "accepted");
  EXPECT_THAT(two(5, 7, 7), HasSubstr("tensor \"b\": data_offsets: want a begin of 4"));
  EXPECT_THAT(two(3, 5, 5), HasSubstr("tensor \"b\": data_offsets: want a begin of 4"));
  EXPECT_THAT(two(0, 4, 4), HasSubstr("data_offsets: want a begin of 4"));
}

TEST(SafetensorsRead, refuses_deep_nesting_and_too_many_values) {
  std::string deep = R"({"w":)";
  for (int i = 0; i < 100'000; ++i) deep += '[';
  EXPECT_THAT(error_of_header(deep, 0), HasSubstr("too deep"));
  std::string many = R"({"w":[0)";
  for (int i = 0; i < 3'000'000; ++i) many += ",0";
  EXPECT_THAT(error_of_header(many + "]}", 0), HasSubstr("too many values"));
}

TEST(SafetensorsRead, survives_changed_bytes) {
  const auto good = make_safetensors(kHeader, sample_data());
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    auto image = good;
    for (int change = 0; change < 3; ++change) image[random() % image.size()] = static_cast<std::byte>(random());
    const auto read = read_safetensors(image, "m.safetensors");
    if (!read.is_ok()) continue;
    std::size_t bytes = 0;
    for (const SafetensorsTensor& tensor : *read) bytes += tensor.bytes.size();
    EXPECT_EQ(bytes, 21u);
  }
}

}  // namespace
}  // namespace sixfold::formats
