// Notes tell of one state of one file, and nothing else passes for them.
#include "model/verified_note.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sixfold::model {
namespace {

namespace fs = std::filesystem;

const auto go_on = [] { return true; };

class VerifiedNote : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/verified_note_" + std::to_string(::getpid());
    fs::create_directory(folder_);
    path_ = folder_ + "/model.packed";
    std::ofstream(path_) << "weights";
    identity_ = FileMap::open(path_)->identity();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::byte> note() const {
    const FileMap map = FileMap::open(note_path(path_)).value();
    return {map.bytes().begin(), map.bytes().end()};
  }
  bool tells_now(const std::vector<std::byte>& bytes) const {
    return tells_of(bytes, identity_, clock_.unix_seconds());
  }

  std::string folder_, path_;
  FileIdentity identity_;
  ManualClock clock_;
};

TEST_F(VerifiedNote, is_found_until_the_file_changes) {
  EXPECT_FALSE(is_noted_whole(path_, identity_, clock_));
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  EXPECT_TRUE(is_noted_whole(path_, identity_, clock_));
  EXPECT_TRUE(is_noted_whole(path_, FileMap::open(path_)->identity(), clock_));
  // The same size, content and time of modification: written to all the same.
  const auto modified = fs::last_write_time(path_);
  std::ofstream(path_) << "weights";
  fs::last_write_time(path_, modified);
  EXPECT_FALSE(is_noted_whole(path_, FileMap::open(path_)->identity(), clock_));
}

TEST_F(VerifiedNote, finding_it_marks_the_use) {
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  const auto before = fs::last_write_time(note_path(path_)) - std::chrono::hours(1);
  fs::last_write_time(note_path(path_), before);
  EXPECT_TRUE(is_noted_whole(path_, identity_, clock_));
  EXPECT_GT(fs::last_write_time(note_path(path_)), before + std::chrono::minutes(30));
}

TEST_F(VerifiedNote, every_field_of_the_file_counts) {
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  ASSERT_TRUE(tells_now(note()));
  for (int field = 0; field < 5; ++field) {
    FileIdentity other = identity_;
    if (field == 0) ++other.device;
    if (field == 1) ++other.inode;
    if (field == 2) ++other.bytes;
    if (field == 3) ++other.modified_ns;
    if (field == 4) ++other.changed_ns;
    EXPECT_FALSE(tells_of(note(), other, clock_.unix_seconds())) << field;
  }
}

TEST_F(VerifiedNote, every_damaged_byte_and_every_other_length_makes_it_none) {
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  std::vector<std::byte> bytes = note();
  ASSERT_EQ(bytes.size(), kNoteBytes);
  for (std::byte& byte : bytes) {
    byte ^= std::byte{1};
    EXPECT_FALSE(tells_now(bytes)) << &byte - bytes.data();
    byte ^= std::byte{1};
  }
  for (std::size_t size = 0; size < kNoteBytes; ++size) {
    EXPECT_FALSE(tells_now({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
  ASSERT_TRUE(tells_now(bytes));
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(tells_now(bytes));
}

TEST_F(VerifiedNote, holds_for_a_week_and_not_before_it_was_written) {
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  const std::int64_t written = clock_.unix_seconds();
  EXPECT_TRUE(tells_of(note(), identity_, written + kNoteSecondsMax));
  EXPECT_FALSE(tells_of(note(), identity_, written + kNoteSecondsMax + 1));
  EXPECT_FALSE(tells_of(note(), identity_, written - 1));
}

TEST_F(VerifiedNote, is_not_written_about_another_file_or_when_told_to_stop) {
  FileIdentity other = identity_;
  ++other.inode;
  EXPECT_EQ(note_whole(path_, other, clock_, go_on).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(note_whole(path_, identity_, clock_, [] { return false; }).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(note_whole(folder_ + "/none", identity_, clock_, go_on).is_ok());
  EXPECT_FALSE(fs::exists(note_path(path_)));
}

TEST_F(VerifiedNote, is_not_followed_through_a_link_nor_written_through_one) {
  ASSERT_TRUE(note_whole(path_, identity_, clock_, go_on).is_ok());
  fs::rename(note_path(path_), folder_ + "/elsewhere");
  fs::create_symlink(folder_ + "/elsewhere", note_path(path_));
  EXPECT_FALSE(is_noted_whole(path_, identity_, clock_));
  EXPECT_FALSE(note_whole(path_, identity_, clock_, go_on).is_ok());
}

}  // namespace
}  // namespace sixfold::model
