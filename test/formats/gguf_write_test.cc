// Writing GGUF files.
#include "formats/gguf_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "formats/gguf_file.h"

namespace sixfold::formats {
namespace {

using ::testing::HasSubstr;

class GgufWriteFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "sixfold_gguf_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "model.gguf").string(); }
  std::ptrdiff_t files() const { return std::distance(std::filesystem::directory_iterator(folder_), {}); }

  std::filesystem::path folder_;
};

TEST_F(GgufWriteFile, file_equals_image_and_opens) {
  const GgufSample sample = make_sample();
  ASSERT_TRUE(write_gguf(path(), sample.contents()).is_ok());
  const auto map = FileMap::open(path());
  ASSERT_TRUE(map.is_ok());
  const auto image = sample.image();
  EXPECT_TRUE(std::equal(image.begin(), image.end(), map->bytes().begin(), map->bytes().end()));
  EXPECT_EQ(files(), 1);

  auto opened = open_checkpoint(path());
  ASSERT_TRUE(opened.is_ok());
  const Checkpoint moved = std::move(opened).value();
  EXPECT_EQ(moved.find_tensor("cube")->bytes[1], sample.buffers[2][1]);
}

TEST_F(GgufWriteFile, replaces_an_older_file_and_leaves_it_alone_on_error) {
  std::ofstream(path()) << "old";
  GgufSample sample = make_sample();
  sample.tensors[0].name = std::string(65, 'n');
  EXPECT_FALSE(write_gguf(path(), sample.contents()).is_ok());
  EXPECT_EQ(std::filesystem::file_size(path()), 3u);
  EXPECT_EQ(files(), 1);
  ASSERT_TRUE(write_gguf(path(), make_sample().contents()).is_ok());
  EXPECT_TRUE(open_checkpoint(path()).is_ok());
  EXPECT_EQ(files(), 1);
}

TEST_F(GgufWriteFile, obeys_the_umask) {
  const mode_t before = ::umask(027);
  const auto status = write_gguf(path(), make_sample().contents());
  ::umask(before);
  ASSERT_TRUE(status.is_ok()) << status.error().message;
  struct stat file {};
  ASSERT_EQ(::stat(path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0640u);
}

TEST_F(GgufWriteFile, missing_folder_is_not_found) {
  const auto status = write_gguf(folder_ / "none" / "model.gguf", make_sample().contents());
  ASSERT_FALSE(status.is_ok());
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
}

TEST_F(GgufWriteFile, open_says_what_is_wrong) {
  EXPECT_EQ(open_checkpoint(path()).error().code, ErrorCode::kNotFound);
  std::ofstream(path()) << "{\"a\": 1}";
  const auto opened = open_checkpoint(path());
  ASSERT_FALSE(opened.is_ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(opened.error().message, path() + ": not a GGUF file: want \"GGUF\" at its start, got \"{\"a\"\"");
}

TEST(GgufWrite, keeps_numbers_that_need_64_bits) {
  const std::vector<MetadataEntry> metadata = {
      {"u", std::uint64_t{5'000'000'000}},
      {"i", std::int64_t{-5'000'000'000}},
      {"f", 0.1},
      {"nan", std::numeric_limits<double>::quiet_NaN()},
      {"infinite", std::numeric_limits<double>::infinity()},
      {"us", std::vector<std::uint64_t>{1, 5'000'000'000}},
      {"is", std::vector<std::int64_t>{1, -5'000'000'000}},
      {"fs", std::vector<double>{0.5, 0.1}},
      {"none", std::vector<std::string>{}},
  };
  const auto image = make_gguf({metadata, {}}).value();
  const auto read = read_gguf(image, "m.gguf");
  ASSERT_TRUE(read.is_ok()) << read.error().message;
  for (const MetadataEntry& entry : metadata) {
    if (entry.key == "nan") continue;
    EXPECT_EQ(*read->find(entry.key), entry.value) << entry.key;
  }
  const double nan = read->number("nan").value();
  EXPECT_NE(nan, nan);
}

TEST(GgufWrite, refuses_what_the_reader_would_refuse) {
  const auto error_of = [](const GgufSample& sample) {
    const auto image = make_gguf(sample.contents());
    return image.is_ok() ? "accepted" : image.error().message;
  };
  GgufSample sample = make_sample();
  sample.metadata.push_back(sample.metadata[0]);
  EXPECT_THAT(error_of(sample), HasSubstr("metadata general.architecture: want one entry, got two"));
  sample = make_sample();
  sample.metadata[0].key.clear();
  EXPECT_THAT(error_of(sample), HasSubstr("metadata key"));
  sample = make_sample();
  sample.tensors[1].name = "cube";
  EXPECT_THAT(error_of(sample), HasSubstr("tensor cube: want one, got two"));
  sample = make_sample();
  sample.tensors[1].bytes = sample.tensors[1].bytes.first(4);
  EXPECT_THAT(error_of(sample), HasSubstr("want 20 bytes for shape [5], got 4"));
  sample = make_sample();
  sample.tensors[0].shape.dims[1] = 31;
  EXPECT_THAT(error_of(sample), HasSubstr("want rows of a multiple of 32 elements, got 31"));
  sample = make_sample();
  sample.tensors[0].shape.rank = 0;
  EXPECT_THAT(error_of(sample), HasSubstr("want 1 to 4 dimensions, got 0"));
  sample = make_sample();
  sample.metadata.push_back({"general.alignment", std::uint64_t{12}});
  EXPECT_THAT(error_of(sample), HasSubstr("general.alignment: want a power of two"));
}

}  // namespace
}  // namespace sixfold::formats
