// The file of packed weights: what is written is read back, and nothing else is.
#include "model/packed_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "core/fast_hash.h"
#include "kernels/packed_layout.h"
#include "model_runner.h"

namespace sixfold::model {
namespace {

constexpr PackedKey kKey = {0x1122334455667788, 0x99aabbccddeeff00};
// Offsets in the header, which ends with the hash.
constexpr std::size_t kHeadBytesAt = 40;
constexpr std::size_t kHashAt = 56;
constexpr std::size_t kHeaderBytes = 64;

struct Image {
  std::vector<std::byte> bytes;
  PackedTable table;
  std::vector<std::byte> head() const {
    std::uint64_t size = 0;
    std::memcpy(&size, bytes.data() + kHeadBytesAt, sizeof size);
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
  }
};

class PackedFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/packed_file_" + std::to_string(::getpid());
    std::filesystem::create_directory(folder_);
    path_ = folder_ + "/model.packed";
    for (const std::size_t bytes : {std::size_t{5000}, std::size_t{4096}, std::size_t{5} << 20, std::size_t{64}}) {
      std::vector<std::byte> data(bytes);
      for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 7 + bytes);
      data_.push_back(std::move(data));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<PackedPart> parts() const {
    std::vector<PackedPart> parts;
    for (std::size_t i = 0; i < data_.size(); ++i) {
      parts.push_back({.name = "blk.0.part_" + std::to_string(i / 2),
                       .slice = static_cast<std::uint32_t>(i % 2),
                       .dtype = DType::kQ8_0,
                       .rows = i + 1,
                       .cols = 32,
                       .bytes = data_[i].size()});
    }
    return parts;
  }

  Result<PackedFileWriter> begin() const {
    return PackedFileWriter::begin(path_, kKey, plan_packed_file(parts()).value(), {data_.begin(), data_.end()});
  }
  Status write() const {
    SIXFOLD_TRY(PackedFileWriter writer, begin());
    for (bool is_complete = false; !is_complete;) {
      SIXFOLD_TRY(is_complete, writer.write_some());
    }
    return ok();
  }
  Image written() const {
    const Status status = write();
    EXPECT_TRUE(status.is_ok()) << status.error().message;
    std::ifstream file(path_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    Image image;
    image.bytes.resize(text.size());
    std::memcpy(image.bytes.data(), text.data(), text.size());
    image.table = read_packed_head(image.bytes, kKey).value();
    return image;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::string folder_, path_;
  std::vector<std::vector<std::byte>> data_;
};

// Makes the hash of a changed head right again, so that the checks behind it are reached.
void seal(std::vector<std::byte>& file) {
  std::uint64_t head_bytes = 0;
  std::memcpy(&head_bytes, file.data() + kHeadBytesAt, sizeof head_bytes);
  const auto head = std::span(file).first(static_cast<std::size_t>(std::min<std::uint64_t>(head_bytes, file.size())));
  const std::uint64_t hash = fast_hash(head.subspan(kHeaderBytes), fast_hash(head.first(kHashAt)));
  std::memcpy(file.data() + kHashAt, &hash, sizeof hash);
}

TEST_F(PackedFile, reads_back_what_was_written) {
  const Image image = written();
  ASSERT_EQ(image.table.parts.size(), data_.size());
  for (std::size_t i = 0; i < data_.size(); ++i) {
    const PackedPart& part = image.table.parts[i];
    EXPECT_EQ(part.name, parts()[i].name);
    EXPECT_EQ(part.slice, i % 2);
    EXPECT_EQ(part.dtype, DType::kQ8_0);
    EXPECT_EQ(part.rows, i + 1);
    EXPECT_EQ(part.cols, 32u);
    EXPECT_EQ(part.offset % kPackedPartAlignment, 0u);
    ASSERT_EQ(part.bytes, data_[i].size());
    EXPECT_EQ(std::memcmp(image.bytes.data() + part.offset, data_[i].data(), data_[i].size()), 0);
  }
  EXPECT_TRUE(check_packed_data(image.bytes, image.table, test::shared_pool()).is_ok());
  EXPECT_EQ(files(), 1u);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(PackedFile, replaces_an_older_one_and_the_leavings_of_a_crash) {
  std::ofstream(path_) << "old";
  std::ofstream(path_ + ".part") << "left over";
  EXPECT_EQ(written().table.parts.size(), data_.size());
  EXPECT_EQ(files(), 1u);
}

TEST_F(PackedFile, refuses_every_damaged_byte_of_the_head) {
  const Image image = written();
  const std::size_t head_bytes = image.head().size();
  std::vector<std::byte> damaged = image.bytes;
  for (std::size_t at = 0; at < head_bytes; ++at) {
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(read_packed_head(damaged, kKey).is_ok()) << at;
    damaged[at] ^= std::byte{0x10};
  }
  EXPECT_TRUE(read_packed_head(damaged, kKey).is_ok());
}

TEST_F(PackedFile, refuses_every_length_but_its_own) {
  Image image = written();
  for (std::size_t bytes = 0; bytes < image.head().size() + 10; ++bytes) {
    EXPECT_FALSE(read_packed_head(std::span(image.bytes).first(bytes), kKey).is_ok()) << bytes;
  }
  for (const std::size_t bytes : {image.bytes.size() / 2, image.bytes.size() - 4096, image.bytes.size() - 1}) {
    EXPECT_FALSE(read_packed_head(std::span(image.bytes).first(bytes), kKey).is_ok()) << bytes;
  }
  image.bytes.push_back(std::byte{0});
  EXPECT_FALSE(read_packed_head(image.bytes, kKey).is_ok());
}

TEST_F(PackedFile, refuses_another_key_and_another_version) {
  const Image image = written();
  EXPECT_EQ(read_packed_head(image.bytes, {kKey[0], kKey[1] + 1}).error().code, ErrorCode::kInvalidArgument);
  for (const std::size_t at : {std::size_t{8}, std::size_t{12}}) {  // of the file, of the layout
    std::vector<std::byte> bytes = image.bytes;
    bytes[at] = static_cast<std::byte>(static_cast<unsigned>(bytes[at]) + 1);
    seal(bytes);
    EXPECT_EQ(read_packed_head(bytes, kKey).error().code, ErrorCode::kInvalidArgument) << at;
  }
}

TEST_F(PackedFile, refuses_fields_that_lie_under_a_right_hash) {
  const Image image = written();
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  using Change = std::function<void(PackedTable&)>;
  const Change changes[] = {
      [&](PackedTable& t) { t.parts[0].offset = 0; },
      [&](PackedTable& t) { t.parts[1].offset = t.data_begin - kPackedPartAlignment; },
      [&](PackedTable& t) { t.parts[1].offset += 64; },
      [&](PackedTable& t) { t.parts[1].offset = t.file_bytes + kPackedPartAlignment; },
      [&](PackedTable& t) { t.parts[1].offset = huge - kPackedPartAlignment + 1; },
      [&](PackedTable& t) { t.parts[1].bytes = huge; },
      [&](PackedTable& t) { t.parts[3].bytes = t.file_bytes - t.parts[3].offset + 1; },
      [&](PackedTable& t) { t.parts[2].dtype = static_cast<DType>(99); },
      [&](PackedTable& t) { t.parts[2].name = std::string(300, 'x'); },
      [&](PackedTable& t) { t.chunk_hashes.pop_back(); },
      [&](PackedTable& t) { t.chunk_hashes.push_back(0); },
      [&](PackedTable& t) { t.file_bytes += 1; },
  };
  for (const Change& change : changes) {
    PackedTable table = image.table;
    change(table);
    const std::vector<std::byte> head = make_packed_head(table, kKey);
    std::vector<std::byte> bytes = image.bytes;
    std::memcpy(bytes.data(), head.data(), head.size());
    const auto read = read_packed_head(bytes, kKey);
    ASSERT_FALSE(read.is_ok()) << &change - changes;
    EXPECT_EQ(read.error().code, ErrorCode::kCorruptData) << read.error().message;
  }
  // Counts and lengths of the header and of a name.
  for (const std::size_t at : {kHeadBytesAt, kHeadBytesAt + 8, kHeadBytesAt + 12, kHeaderBytes}) {
    for (const std::uint32_t value : {0u, 1u, 3u, 1000u, 0x7fffffffu, 0xffffffffu}) {
      std::vector<std::byte> bytes = image.bytes;
      if (std::memcmp(bytes.data() + at, &value, sizeof value) == 0) continue;
      std::memcpy(bytes.data() + at, &value, sizeof value);
      if (at != kHeadBytesAt) {
        seal(bytes);
      }
      EXPECT_FALSE(read_packed_head(bytes, kKey).is_ok()) << at << " " << value;
    }
  }
}

TEST_F(PackedFile, notices_every_kind_of_damaged_data) {
  Image image = written();
  const std::size_t end = image.bytes.size();
  for (const std::size_t at : {image.table.data_begin, image.table.data_begin + 5000, end / 2, end - 1}) {
    image.bytes[at] ^= std::byte{1};
    const Status status = check_packed_data(image.bytes, image.table, test::shared_pool());
    ASSERT_FALSE(status.is_ok()) << at;
    EXPECT_EQ(status.error().code, ErrorCode::kCorruptData);
    image.bytes[at] ^= std::byte{1};
  }
  EXPECT_TRUE(check_packed_data(image.bytes, image.table, test::shared_pool()).is_ok());
}

TEST_F(PackedFile, leaves_nothing_behind_when_it_is_dropped) {
  {
    auto writer = begin();
    ASSERT_TRUE(writer.is_ok());
    EXPECT_FALSE(writer->write_some().value());
    EXPECT_EQ(files(), 1u);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(PackedFile, has_one_writer_at_a_time) {
  auto writer = begin();
  ASSERT_TRUE(writer.is_ok());
  const auto second = begin();
  ASSERT_FALSE(second.is_ok());
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  while (!writer->write_some().value()) {
  }
  EXPECT_EQ(files(), 1u);
  EXPECT_TRUE(begin().is_ok());  // again, from the start
}

TEST_F(PackedFile, leaves_nothing_behind_when_the_disk_is_full) {
  const std::string disk = folder_ + "/disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "cannot mount a small disk";
  path_ = disk + "/model.packed";
  EXPECT_EQ(write().error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(std::filesystem::is_empty(disk));
  ::umount(disk.c_str());
}

TEST_F(PackedFile, says_what_is_wrong_with_the_folder) {
  path_ = folder_ + "/none/model.packed";
  EXPECT_EQ(write().error().code, ErrorCode::kNotFound);
  path_ = "/proc/model.packed";
  EXPECT_FALSE(write().is_ok());
}

TEST_F(PackedFile, refuses_to_plan_what_no_reader_would_take) {
  std::vector<PackedPart> long_name = parts();
  long_name[0].name = std::string(257, 'x');
  EXPECT_FALSE(plan_packed_file(long_name).is_ok());
  std::vector<PackedPart> huge = parts();
  huge[0].bytes = std::numeric_limits<std::uint64_t>::max() - 10;
  EXPECT_FALSE(plan_packed_file(huge).is_ok());
}

}  // namespace
}  // namespace sixfold::model
