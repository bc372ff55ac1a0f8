// Mapping a file: what is refused, and giving memory back.
#include "core/file_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace sixfold {
namespace {

class FileMapTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/file_map_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/file";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(std::size_t bytes) {
    std::string text(bytes, 'a');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 23);
    std::ofstream(path_, std::ios::binary) << text;
    ::chmod(path_.c_str(), 0600);
  }
  // Pages of the map that are in this process's memory.
  static std::size_t resident(std::span<const std::byte> bytes) {
    std::ifstream smaps("/proc/self/smaps");
    bool is_here = false;
    for (std::string line; std::getline(smaps, line);) {
      unsigned long begin = 0, kilobytes = 0;
      if (line.find('-') < 17 && std::sscanf(line.c_str(), "%lx-", &begin) == 1 && line.find(':') > 20) {
        is_here = begin == reinterpret_cast<std::uintptr_t>(bytes.data());
      } else if (is_here && std::sscanf(line.c_str(), "Rss: %lu", &kilobytes) == 1) {
        return kilobytes / 4;
      }
    }
    return 0;
  }

  std::string folder_, path_;
};

TEST_F(FileMapTest, reads_the_same_after_it_gave_the_memory_back) {
  constexpr std::size_t kBytes = 100 * 4096 + 10;
  write(kBytes);
  for (const bool is_private : {false, true}) {
    const auto map = is_private ? FileMap::open_private(path_) : FileMap::open(path_);
    ASSERT_TRUE(map.is_ok()) << map.error().message;
    const std::span<const std::byte> bytes = map->bytes();
    ASSERT_EQ(bytes.size(), kBytes);
    const std::vector<std::byte> before(bytes.begin(), bytes.end());
    EXPECT_GE(resident(bytes), 100u);
    map->release(bytes.subspan(4096 - 1, 50 * 4096));  // pages 1 to 49 lie whole in it
    map->release(bytes.first(100));
    map->release(bytes.subspan(50, 0));
    EXPECT_LE(resident(bytes), 101u - 49u);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), before.begin()));
    map->expect_few_reads();
    EXPECT_EQ(resident(bytes), 0u);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), before.begin()));
  }
}

TEST_F(FileMapTest, knows_when_the_file_was_modified) {
  write(5);
  const auto map = FileMap::open(path_);
  ASSERT_TRUE(map.is_ok());
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(map->identity().modified_ns, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
}

TEST_F(FileMapTest, private_files_are_nobody_elses) {
  write(5);
  EXPECT_TRUE(FileMap::open_private(path_).is_ok());
  ::chmod(path_.c_str(), 0620);
  EXPECT_EQ(FileMap::open_private(path_).error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(FileMap::open(path_).is_ok());
  ::chmod(path_.c_str(), 0644);
  EXPECT_TRUE(FileMap::open_private(path_).is_ok());
  const std::string link = folder_ + "/link";
  std::filesystem::create_symlink(path_, link);
  EXPECT_FALSE(FileMap::open_private(link).is_ok());
  EXPECT_TRUE(FileMap::open(link).is_ok());
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
    EXPECT_EQ(FileMap::open_private(path_).error().code, ErrorCode::kPermissionDenied);
  }
}

TEST_F(FileMapTest, refuses_what_is_no_file) {
  for (const auto& open : {&FileMap::open, &FileMap::open_private}) {
    EXPECT_EQ(open(folder_ + "/none").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(open(folder_).error().code, ErrorCode::kInvalidArgument);
  }
  write(0);
  const auto empty = FileMap::open_private(path_);
  ASSERT_TRUE(empty.is_ok());
  EXPECT_TRUE(empty->bytes().empty());
  empty->expect_few_reads();
}

}  // namespace
}  // namespace sixfold
