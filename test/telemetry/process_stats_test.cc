// Process values come from files that may be missing, cut or strange.
#include "telemetry/process_stats.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sixfold::telemetry {
namespace {

class ProcessStatsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(proc_);
    std::filesystem::create_directories(proc_ / "self" / "fd");
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }
  void put(const std::string& name, const std::string& text) { std::ofstream(proc_ / name) << text; }

  const std::filesystem::path proc_ =
      std::filesystem::path(testing::TempDir()) / ("proc_" + std::to_string(::getpid()));
};

TEST_F(ProcessStatsTest, reads_fields_behind_a_name_with_brackets) {
  put("self/stat",
      "7 (odd) name ( x) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 12 0 500 1048576 3 18446744073709551615 1 1\n");
  put("stat", "cpu 1 2 3\nbtime 1700000000\n");
  put("self/limits", "Limit Soft Hard Units\nMax open files            1024                 4096   files\n");
  put("self/fd/0", "");
  put("self/fd/1", "");
  const ProcessStats stats = read_process_stats(proc_.string());
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(stats.cpu_seconds, 400 / ticks);
  EXPECT_EQ(stats.threads, 12);
  EXPECT_EQ(stats.start_time_seconds, 1'700'000'000 + 500 / ticks);
  EXPECT_EQ(stats.virtual_bytes, 1048576);
  EXPECT_EQ(stats.resident_bytes, 3 * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(stats.open_fds, 2);
  EXPECT_EQ(stats.max_fds, 1024);
}

TEST_F(ProcessStatsTest, leaves_out_what_is_missing_or_cut) {
  put("self/stat", "7 (name) S 1 2 3");
  put("self/limits", "Max open files            unlimited            unlimited   files\n");
  std::filesystem::remove_all(proc_ / "self" / "fd");
  const ProcessStats stats = read_process_stats(proc_.string());
  EXPECT_FALSE(stats.cpu_seconds);
  EXPECT_FALSE(stats.resident_bytes);
  EXPECT_FALSE(stats.start_time_seconds);
  EXPECT_FALSE(stats.open_fds);
  EXPECT_FALSE(stats.max_fds);
  EXPECT_FALSE(read_process_stats("/nowhere").threads);
}

}  // namespace
}  // namespace sixfold::telemetry
