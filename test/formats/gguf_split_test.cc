// GGUF models in several files.
#include "formats/gguf_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/gguf_file.h"
#include "formats/model_folder.h"

namespace sixfold::formats {
namespace {

using ::testing::HasSubstr;

std::string part_name(std::uint64_t number, std::uint64_t count) {
  return fmt::format("m-{:05}-of-{:05}.gguf", number, count);
}

class GgufSplit : public testing::Test {
 protected:
  GgufSplit() {
    for (std::uint64_t i = 0; i < 3; ++i) write(part_name(i + 1, 3), make_part(i));
  }

  // Part i has tensor i; the first has the metadata too.
  static GgufSample make_part(std::uint64_t number) {
    GgufSample part;
    part.metadata = {{"split.no", number}, {"split.count", std::uint64_t{3}}, {"split.tensors.count", std::int64_t{3}}};
    if (number == 0) part.metadata.push_back({"general.architecture", std::string("llama")});
    part.add_tensor(fmt::format("t{}", number), DType::kF32, {{4 + number}, 1});
    return part;
  }
  void write(std::string_view name, const GgufSample& part) const {
    const std::vector<std::byte> image = part.image();
    folder_.write(name, {reinterpret_cast<const char*>(image.data()), image.size()});
  }
  std::string error() const {
    const auto opened = open_checkpoint(folder_.path(part_name(1, 3)));
    return opened.is_ok() ? "accepted" : opened.error().message;
  }

  ModelFolder folder_;
};

TEST_F(GgufSplit, any_part_brings_the_others) {
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const auto opened = open_checkpoint(folder_.path(part_name(number, 3)));
    ASSERT_TRUE(opened.is_ok()) << opened.error().message;
    EXPECT_EQ(opened->files().size(), 3u);
    ASSERT_EQ(opened->tensors().size(), 3u);
    EXPECT_EQ(opened->string("general.architecture").value(), "llama");
    for (std::size_t i = 0; i < 3; ++i) {
      const TensorView* tensor = opened->find_tensor(fmt::format("t{}", i));
      ASSERT_NE(tensor, nullptr);
      EXPECT_EQ(opened->file_of(tensor->bytes), &opened->files()[i]);
      EXPECT_EQ(tensor->bytes[1], std::byte{7});
    }
  }
}

TEST_F(GgufSplit, one_part_alone_is_a_model) {
  GgufSample part = make_part(0);
  part.metadata[1].value = std::uint64_t{1};
  write("whole.gguf", part);
  EXPECT_TRUE(open_checkpoint(folder_.path("whole.gguf")).is_ok());
}

TEST_F(GgufSplit, names_the_part_that_is_missing) {
  folder_.remove(part_name(2, 3));
  EXPECT_THAT(error(), HasSubstr(part_name(2, 3)));
  const auto opened = open_checkpoint(folder_.path(part_name(1, 3)));
  ASSERT_FALSE(opened.is_ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
}

TEST_F(GgufSplit, refuses_parts_that_do_not_belong_together) {
  GgufSample part = make_part(2);
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("want part 2 of 3, as its name says, got part 3 of 3"));

  part = make_part(1);
  part.metadata[1].value = std::uint64_t{4};
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("want part 2 of 3, as its name says, got part 2 of 4"));

  part = make_part(1);
  part.metadata.erase(part.metadata.begin());
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("split.no"));

  part = make_part(1);
  part.metadata.push_back({"general.architecture", std::string("qwen2")});
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("general.architecture: want the same as in"));

  part = make_part(1);
  part.add_tensor("t0", DType::kF32, {{1}, 1});
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("split.tensors.count: want 3 tensors in all parts, got 4"));

  part = make_part(1);
  part.tensors.front().name = "t0";
  write(part_name(2, 3), part);
  EXPECT_THAT(error(), HasSubstr("tensor \"t0\": want one of this name, got two"));

  folder_.write(part_name(2, 3), "GGUF");
  EXPECT_THAT(error(), HasSubstr(part_name(2, 3)));
}

TEST_F(GgufSplit, refuses_names_and_counts_that_lead_nowhere) {
  write("renamed.gguf", make_part(0));
  auto opened = open_checkpoint(folder_.path("renamed.gguf"));
  ASSERT_FALSE(opened.is_ok());
  EXPECT_THAT(opened.error().message, HasSubstr("want a name that ends with \"-00001-of-00003.gguf\""));
  GgufSample part = make_part(0);
  part.metadata[1].value = std::uint64_t{60000};
  write(part_name(1, 60000), part);
  opened = open_checkpoint(folder_.path(part_name(1, 60000)));
  ASSERT_FALSE(opened.is_ok());
  EXPECT_THAT(opened.error().message, HasSubstr("split.count: want at most 1024, got 60000"));
}

}  // namespace
}  // namespace sixfold::formats
