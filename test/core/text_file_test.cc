// Small files read whole, large ones written in place.
#include "core/text_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/write_at.h"

namespace sixfold {
namespace {

// A file of the test's own, removed with it.
class File {
 public:
  File() : number_(::mkstemp(path_.data())) {}
  ~File() {
    ::close(number_);
    ::unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int number() const { return number_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/sixfold-text-XXXXXX";
  int number_;
};

Status write_text(const File& file, std::uint64_t offset, std::string_view text) {
  return write_at(file.number(), file.path(), offset, std::as_bytes(std::span(text)));
}

TEST(TextFile, is_read_whole_within_its_limit) {
  const File file;
  ASSERT_TRUE(write_text(file, 0, "one\ntwo\n").is_ok());
  EXPECT_EQ(*read_text_file(file.path(), 8), "one\ntwo\n");
  EXPECT_EQ(read_text_file(file.path(), 7).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(read_text_file(file.path() + ".none", 8).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(first_line(file.path()), "one");
  EXPECT_EQ(first_line(file.path() + ".none"), "");
}

TEST(WriteAt, fills_a_reserved_file_in_any_order) {
  const File file;
  ASSERT_TRUE(reserve_room(file.number(), file.path(), 6).is_ok());
  EXPECT_EQ(read_text_file(file.path(), 6)->size(), 6u);
  ASSERT_TRUE(write_text(file, 3, "def").is_ok());
  ASSERT_TRUE(write_text(file, 0, "abc").is_ok());
  EXPECT_EQ(*read_text_file(file.path(), 6), "abcdef");
  ASSERT_TRUE(reserve_room(file.number(), file.path(), 0).is_ok());
  EXPECT_EQ(*read_text_file(file.path(), 6), "");
}

TEST(WriteAt, says_what_failed) {
  const auto failed = write_at(-1, "name", 0, std::as_bytes(std::span("x")));
  ASSERT_FALSE(failed.is_ok());
  EXPECT_TRUE(failed.error().message.starts_with("name: write failed")) << failed.error().message;
  EXPECT_FALSE(reserve_room(-1, "name", 5).is_ok());
}

}  // namespace
}  // namespace sixfold
