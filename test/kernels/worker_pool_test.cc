// Every worker runs once per call, sees what was written before, and meets the others at barriers.
#include "kernels/worker_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "kernels/cpu_quota.h"

namespace sixfold::kernels {
namespace {

TEST(WorkerPool, runs_the_body_once_per_worker) {
  for (std::size_t size = 1; size <= 8; ++size) {
    WorkerPool pool(size);
    ASSERT_EQ(pool.size(), size);
    std::vector<int> calls(size);  // not atomic: each worker has its own element
    for (int run = 0; run < 2000; ++run) pool.run([&](std::size_t worker) { ++calls[worker]; });
    EXPECT_EQ(calls, std::vector<int>(size, 2000));
  }
}

TEST(WorkerPool, barrier_separates_writes_from_reads_of_all_workers) {
  for (std::size_t size = 1; size <= 8; ++size) {
    WorkerPool pool(size);
    std::vector<std::size_t> stage(size);
    std::atomic<int> wrong{0};
    for (std::size_t run = 0; run < 300; ++run) {
      pool.run([&](std::size_t worker) {
        for (std::size_t round = 1; round <= 3; ++round) {
          stage[worker] = run * 3 + round;
          pool.barrier();
          for (const std::size_t other : stage) wrong += other != run * 3 + round;
          pool.barrier();
        }
      });
    }
    EXPECT_EQ(wrong.load(), 0) << size;
  }
}

TEST(WorkerPool, caller_is_worker_zero_and_sees_the_results) {
  WorkerPool pool(3);
  const auto caller = std::this_thread::get_id();
  std::thread::id zero;
  std::vector<int> squares(1000);
  pool.run([&](std::size_t worker) {
    if (worker == 0) zero = std::this_thread::get_id();
    const Share share = share_of(squares.size(), 16, worker, pool.size());
    for (std::size_t i = share.begin; i < share.end; ++i) squares[i] = static_cast<int>(i * i);
  });
  EXPECT_EQ(zero, caller);
  for (std::size_t i = 0; i < squares.size(); ++i) ASSERT_EQ(squares[i], static_cast<int>(i * i));
}

TEST(WorkerPool, stops_without_ever_having_run) {
  for (int round = 0; round < 50; ++round) WorkerPool pool(4);
}

TEST(WorkerPool, workers_that_went_to_sleep_wake_up) {
  WorkerPool pool(4);
  std::atomic<int> calls{0};
  for (int run = 0; run < 20; ++run) {
    pool.run([&](std::size_t) { ++calls; });
    // Longer than any spin: the next run finds sleepers. The result does not depend on it.
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(300);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }
  EXPECT_EQ(calls.load(), 80);
}

TEST(ShareOf, parts_cover_everything_once_in_multiples_of_the_grain) {
  for (std::size_t count : {0u, 1u, 15u, 16u, 17u, 100u, 4096u}) {
    for (std::size_t grain : {1u, 7u, 16u}) {
      for (std::size_t workers = 1; workers <= 9; ++workers) {
        std::size_t end = 0;
        for (std::size_t worker = 0; worker < workers; ++worker) {
          const Share share = share_of(count, grain, worker, workers);
          ASSERT_EQ(share.begin, end);
          ASSERT_LE(share.begin, share.end);
          ASSERT_TRUE(share.begin % grain == 0 || share.begin == count);
          end = share.end;
        }
        ASSERT_EQ(end, count);
      }
    }
  }
}

// A folder that looks like / to the reader of limits.
class FakeRoot {
 public:
  FakeRoot() : path_(testing::TempDir() + "sixfold_cgroup_" + std::to_string(::getpid())) {}
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path full = path_ + file;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(CpuQuota, no_files_mean_no_limit) {
  const FakeRoot root;
  EXPECT_EQ(cgroup_core_limit(root.path()), std::nullopt);
}

TEST(CpuQuota, version_2_takes_the_smallest_limit_on_the_way_up) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/slice/app\n");
  root.write("/sys/fs/cgroup/slice/app/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), std::nullopt);
  root.write("/sys/fs/cgroup/slice/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 1.5);
  root.write("/sys/fs/cgroup/slice/app/cpu.max", "400000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 1.5);
}

TEST(CpuQuota, limit_at_the_top_counts_when_the_group_is_not_visible) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/../not/here\n");
  root.write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 3.0);
}

TEST(CpuQuota, version_1_is_read_from_the_cpu_controller) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n");
  root.write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "200000\n");
  root.write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 2.0);
}

TEST(CpuQuota, garbage_is_no_limit) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/\nnonsense\n:\n");
  for (const char* text : {"", "100000", "x 100000", "100000 0", "-5 100000", "100000 y"}) {
    root.write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cgroup_core_limit(root.path()), std::nullopt) << text;
  }
}

TEST(CpuQuota, threads_are_rounded_down_to_at_least_one) {
  EXPECT_EQ(threads_for(8, std::nullopt), 8u);
  EXPECT_EQ(threads_for(8, 2.9), 2u);
  EXPECT_EQ(threads_for(8, 0.5), 1u);
  EXPECT_EQ(threads_for(2, 16.0), 2u);
  EXPECT_GE(default_thread_count(), 1u);
  EXPECT_LE(default_thread_count(), usable_cores());
}

}  // namespace
}  // namespace sixfold::kernels
