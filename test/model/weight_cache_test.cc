// Packed weights kept between starts: the second start computes the same bits, and nothing that is wrong with the
// folder or the file keeps a model from loading.
#include "model/weight_cache.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/clock.h"
#include "formats/file_replacement.h"
#include "model/verified_note.h"
#include "model_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

namespace fs = std::filesystem;

class WeightCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/weight_cache_" + std::to_string(::getpid());
    fs::create_directories(folder_);
    source_ = folder_ + "/tiny.gguf";
    options_.weight_cache.folder = folder_ + "/cache/weights";
    options_.weight_cache.file_bytes_min = 0;
    options_.rows_max = 8;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(options_.weight_cache.folder, fs::perms::owner_all, ignored);
    fs::remove_all(folder_);
  }

  void write_source(TinyModel& tiny) const {
    const formats::Checkpoint checkpoint = tiny.open();
    ASSERT_TRUE(formats::write_gguf(source_, {checkpoint.metadata(), checkpoint.tensors()}).is_ok());
  }
  // Waits until the cache is written, unless it was found.
  std::unique_ptr<Model> load() const {
    auto checkpoint = formats::open_checkpoint(source_);
    EXPECT_TRUE(checkpoint.is_ok());
    auto loaded = model::load(std::move(checkpoint).value(), shared_pool(), options_);
    EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
    return std::move(loaded).value();
  }
  bool load_from_cache() const { return load()->description().is_from_cache; }

  std::vector<std::string> files_in_cache() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(options_.weight_cache.folder, ignored)) {
      names.push_back(entry.path().string());
    }
    return names;
  }
  // Without the notes beside them.
  std::vector<std::string> cache_files() const {
    std::vector<std::string> names = files_in_cache();
    std::erase_if(names, [](const std::string& name) { return name.ends_with(".whole"); });
    return names;
  }
  void flip_byte(const std::string& path, std::size_t at) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 4));
  }

  std::string folder_, source_;
  model::LoadOptions options_;
};

const std::vector<TokenId> kPrompt = {1, 5, 9, 30, 7, 7, 12};

TEST_F(WeightCacheTest, second_start_computes_the_same_bits) {
  for (const std::size_t experts : {std::size_t{0}, std::size_t{3}}) {
    TinyModel tiny(experts == 0 ? TinyShape{.has_output = false} : TinyShape{.experts = 3, .experts_used = 2});
    write_source(tiny);
    std::vector<float> first, second;
    {
      const std::unique_ptr<Model> fresh = load();
      EXPECT_FALSE(fresh->description().is_from_cache);
      first = Sequence(*fresh, KvDType::kF32, 32).feed(kPrompt);
    }
    {
      const std::unique_ptr<Model> cached = load();
      EXPECT_TRUE(cached->description().is_from_cache);
      second = Sequence(*cached, KvDType::kF32, 32).feed(kPrompt);
    }
    ASSERT_EQ(first.size(), second.size());
    EXPECT_EQ(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)), 0);
  }
}

TEST_F(WeightCacheTest, rounded_weights_are_a_file_for_each_type) {
  TinyModel tiny({.width = 32, .head_dim = 8, .feed_forward = 64});
  write_source(tiny);
  for (const std::optional<DType> type : {std::optional(DType::kQ8_0), std::optional(DType::kQ4_0),
                                          std::optional(DType::kBF16), std::optional<DType>()}) {
    options_.weights = type;
    const std::vector<float> fresh = Sequence(*load(), KvDType::kF32, 32).feed(kPrompt);
    const std::unique_ptr<Model> cached = load();
    EXPECT_TRUE(cached->description().is_from_cache);
    EXPECT_EQ(Sequence(*cached, KvDType::kF32, 32).feed(kPrompt), fresh);
  }
  EXPECT_EQ(cache_files().size(), 4u);
}

TEST_F(WeightCacheTest, is_as_private_as_the_model) {
  TinyModel tiny;
  write_source(tiny);
  load();
  ASSERT_EQ(files_in_cache().size(), 2u);
  struct stat status {};
  for (const std::string& file : files_in_cache()) {
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  ASSERT_EQ(::stat(options_.weight_cache.folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(WeightCacheTest, follows_the_model_and_not_its_name) {
  TinyModel tiny;
  write_source(tiny);
  load();
  EXPECT_TRUE(load_from_cache());
  fs::create_directory(folder_ + "/elsewhere");
  fs::rename(source_, folder_ + "/elsewhere/tiny.gguf");
  source_ = folder_ + "/elsewhere/tiny.gguf";
  EXPECT_TRUE(load_from_cache());
}

TEST_F(WeightCacheTest, another_content_under_the_same_name_is_packed_anew) {
  TinyModel tiny;
  write_source(tiny);
  load();
  const auto modified = fs::last_write_time(source_);
  // The same size, header and time: only the weights differ.
  tiny.add_random_tensor("blk.1.ffn_up.weight", {24, 16}, 0.25F);
  write_source(tiny);
  fs::last_write_time(source_, modified);
  EXPECT_FALSE(load_from_cache());
  // The same content at another time: perhaps changed where no sample was taken.
  fs::last_write_time(source_, modified + std::chrono::seconds(1));
  EXPECT_FALSE(load_from_cache());
  EXPECT_TRUE(load_from_cache());
}

TEST_F(WeightCacheTest, a_damaged_file_is_packed_anew) {
  TinyModel tiny;
  write_source(tiny);
  load();
  ASSERT_EQ(cache_files().size(), 1u);
  const std::string path = cache_files()[0];
  const std::size_t bytes = fs::file_size(path);
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{100}, bytes - 1, bytes - 5000}) {
    flip_byte(path, at);
    EXPECT_FALSE(load_from_cache()) << at;
    EXPECT_TRUE(load_from_cache()) << at;
  }
  fs::resize_file(path, bytes / 2);
  EXPECT_FALSE(load_from_cache());
  EXPECT_TRUE(load_from_cache());
  std::ofstream(path) << "nothing of ours";
  EXPECT_FALSE(load_from_cache());
  EXPECT_TRUE(load_from_cache());
}

TEST_F(WeightCacheTest, a_noted_file_is_compared_again_when_it_changes_and_when_the_note_is_old) {
  ManualClock clock;
  options_.weight_cache.clock = &clock;
  TinyModel tiny;
  write_source(tiny);
  load();
  const std::string path = cache_files().at(0);
  ASSERT_TRUE(fs::exists(model::note_path(path)));
  // Damage that leaves the note right: only a failing disk could do this, or here the test, by another note.
  const auto damage_unseen = [&] {
    flip_byte(path, fs::file_size(path) - 5000);
    const FileIdentity identity = FileMap::open(path)->identity();
    ASSERT_TRUE(model::note_whole(path, identity, clock, [] { return true; }).is_ok());
  };
  damage_unseen();
  EXPECT_TRUE(load_from_cache());
  clock.advance(std::chrono::seconds(model::kNoteSecondsMax));
  EXPECT_TRUE(load_from_cache());
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(load_from_cache());  // found, removed, made again
  EXPECT_TRUE(load_from_cache());

  damage_unseen();
  EXPECT_TRUE(load_from_cache());
  fs::remove(model::note_path(path));
  EXPECT_FALSE(load_from_cache());

  damage_unseen();
  EXPECT_TRUE(load_from_cache());
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours(1));
  EXPECT_FALSE(load_from_cache());

  // A whole file that is only touched is noted again.
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours(1));
  fs::remove(model::note_path(path));
  EXPECT_TRUE(load_from_cache());
  EXPECT_TRUE(fs::exists(model::note_path(path)));
}

TEST_F(WeightCacheTest, a_file_that_others_may_write_is_not_trusted) {
  TinyModel tiny;
  write_source(tiny);
  load();
  ::chmod(cache_files().at(0).c_str(), 0666);
  EXPECT_FALSE(load_from_cache());
  EXPECT_TRUE(load_from_cache());  // it was made anew
}

TEST_F(WeightCacheTest, loads_where_nothing_can_be_written) {
  TinyModel tiny;
  write_source(tiny);
  options_.weight_cache.folder = "/proc/no/such";
  EXPECT_FALSE(load_from_cache());
  options_.weight_cache.folder = source_ + "/in_a_file";
  EXPECT_FALSE(load_from_cache());
  options_.weight_cache.folder = folder_ + "/read_only";
  fs::create_directory(options_.weight_cache.folder);
  fs::permissions(options_.weight_cache.folder, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_FALSE(load_from_cache());
  if (::geteuid() != 0) {  // root may write anywhere
    EXPECT_TRUE(cache_files().empty());
  }
}

TEST_F(WeightCacheTest, loads_when_the_disk_is_full) {
  const std::string disk = folder_ + "/disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "cannot mount a small disk";
  TinyModel tiny;
  write_source(tiny);
  options_.weight_cache.folder = disk;
  EXPECT_FALSE(load_from_cache());
  EXPECT_FALSE(load_from_cache());
  EXPECT_TRUE(cache_files().empty());
  ::umount(disk.c_str());
}

TEST_F(WeightCacheTest, keeps_out_of_small_models_and_of_nothing) {
  TinyModel tiny;
  write_source(tiny);
  options_.weight_cache.file_bytes_min = 1 << 20;
  load();
  EXPECT_TRUE(cache_files().empty());
  options_.weight_cache.file_bytes_min = 0;
  options_.weight_cache.folder = "";
  load();
  EXPECT_FALSE(load_from_cache());
  // A model in memory has no file to be recognised by.
  options_.weight_cache.folder = folder_ + "/cache";
  EXPECT_TRUE(model::load(tiny.open(), shared_pool(), options_).is_ok());
  EXPECT_TRUE(cache_files().empty());
}

TEST_F(WeightCacheTest, the_longest_unused_goes_when_the_folder_is_full) {
  options_.weight_cache.folder_bytes_max = 18u << 20;  // a tiny one takes a bit more than 4 MiB
  std::vector<std::string> sources;
  for (std::size_t i = 0; i < 4; ++i) {
    TinyModel tiny({.width = 16 + 4 * i, .head_dim = 4 + 2 * i});
    source_ = folder_ + "/model_" + std::to_string(i) + ".gguf";
    sources.push_back(source_);
    ASSERT_NO_FATAL_FAILURE(write_source(tiny));
    load();
    for (const std::string& file : files_in_cache()) {  // let time pass
      fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(1));
    }
    source_ = sources[0];
    EXPECT_TRUE(load_from_cache());  // and is used again
  }
  ASSERT_EQ(cache_files().size(), 4u);
  TinyModel fifth({.width = 64, .head_dim = 16});
  source_ = folder_ + "/model_5.gguf";
  write_source(fifth);
  load();
  EXPECT_EQ(cache_files().size(), 4u);
  source_ = sources[1];
  options_.weight_cache.folder_bytes_max = 1;  // writes nothing more
  EXPECT_FALSE(load_from_cache());
  source_ = sources[0];
  EXPECT_TRUE(load_from_cache());
  EXPECT_EQ(cache_files().size(), 4u);
}

TEST_F(WeightCacheTest, starters_at_once_do_not_spoil_it) {
  TinyModel tiny;
  write_source(tiny);
  const std::vector<float> expected = Sequence(*load(), KvDType::kF32, 32).feed(kPrompt);
  for (int round = 0; round < 10; ++round) {
    for (const std::string& file : cache_files()) fs::remove(file);
    std::vector<std::thread> starters;
    for (int i = 0; i < 4; ++i) {
      starters.emplace_back([&] {
        kernels::WorkerPool pool(1);
        auto loaded = model::load(formats::open_checkpoint(source_).value(), pool, options_);
        ASSERT_TRUE(loaded.is_ok());
        EXPECT_EQ(Sequence(**loaded, KvDType::kF32, 32).feed(kPrompt), expected);
      });
    }
    for (std::thread& starter : starters) starter.join();
    ASSERT_EQ(cache_files().size(), 1u);
    EXPECT_TRUE(load_from_cache());
  }
}

}  // namespace
}  // namespace sixfold::test
