// Every task runs once, whoever is late, and the caller sees what the tasks wrote.
#include "kernels/worker_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/cpu_quota.h"
#include "kernels/fake_root.h"

namespace sixfold::kernels {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kHasThreadSanitizer = true;
#else
constexpr bool kHasThreadSanitizer = false;
#endif

void spin_for(std::chrono::microseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

TEST(WorkerPool, runs_every_task_once) {
  for (std::size_t size = 1; size <= 8; ++size) {
    WorkerPool pool(size);
    ASSERT_EQ(pool.size(), size);
    for (std::size_t tasks = 0; tasks <= 40; ++tasks) {
      std::vector<int> calls(tasks);  // not atomic: each task has its own element
      for (int region = 0; region < 50; ++region) {
        pool.for_tasks(tasks, [&](std::size_t task, std::size_t) { ++calls[task]; });
      }
      ASSERT_EQ(calls, std::vector<int>(tasks, 50)) << size << " workers";
    }
  }
}

// Tiny regions, one after the other: a worker is often still on its way out of one when the next begins.
TEST(WorkerPool, keeps_hundreds_of_thousands_of_regions_apart) {
  constexpr std::size_t kRegions = 300'000;
  WorkerPool pool(3);
  std::size_t sums[5] = {};  // by task
  for (std::size_t region = 0; region < kRegions; ++region) {
    const std::size_t tasks = 2 + region % 4;
    pool.for_tasks(tasks, [&sums, region](std::size_t task, std::size_t) { sums[task] += region; });
  }
  for (std::size_t task = 0; task < 5; ++task) {
    std::size_t want = 0;
    for (std::size_t region = 0; region < kRegions; ++region) want += task < 2 + region % 4 ? region : 0;
    EXPECT_EQ(sums[task], want) << task;
  }
}

TEST(WorkerPool, tasks_of_one_worker_follow_each_other) {
  constexpr std::size_t kWorkers = 4;
  WorkerPool pool(kWorkers);
  for (int region = 0; region < 2000; ++region) {
    std::vector<std::size_t> counts(kWorkers);  // not atomic: a worker number is one thread's at a time
    pool.for_tasks(30, [&](std::size_t, std::size_t worker) { ++counts[worker]; });
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    ASSERT_EQ(sum, 30u);
  }
}

TEST(WorkerPool, caller_is_worker_zero_and_sees_the_results) {
  WorkerPool pool(3);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> strangers{0};
  std::vector<std::size_t> squares(1000);
  pool.for_tasks(squares.size(), [&](std::size_t task, std::size_t worker) {
    strangers += (worker == 0) != (std::this_thread::get_id() == caller);
    squares[task] = task * task;
  });
  EXPECT_EQ(strangers.load(), 0);
  for (std::size_t task = 0; task < squares.size(); ++task) ASSERT_EQ(squares[task], task * task);
}

// Unless the caller is put off the processor and the others have taken over its stretch before it comes back.
TEST(WorkerPool, caller_begins_at_the_first_task) {
  constexpr int kRegionsMax = 1000;
  WorkerPool pool(3);
  std::optional<std::size_t> first;
  for (int region = 0; region < kRegionsMax && first != 0u; ++region) {
    first.reset();
    pool.for_tasks(1000, [&](std::size_t task, std::size_t worker) {
      if (worker == 0 && !first) first = task;
    });
  }
  EXPECT_EQ(first, 0u);
}

// Worker 1 holds what it took at once until the caller has done all else: the rest of worker 1's own stretch with it.
TEST(WorkerPool, others_take_over_the_stretch_of_a_slow_worker) {
  constexpr std::size_t kTasks = 64;
  constexpr std::size_t kTakenMax = kTasks / 2 / 4;
  WorkerPool pool(2);
  std::atomic<std::size_t> done_by_caller{0};
  std::atomic<bool> has_begun{false};
  std::atomic<std::size_t> done_by_worker{0};
  pool.for_tasks(kTasks, [&](Share tasks, std::size_t worker) {
    if (worker == 1) {
      has_begun = true;
      while (done_by_caller < kTasks - tasks.size()) std::this_thread::yield();
      done_by_worker += tasks.size();
    } else {
      while (!has_begun) std::this_thread::yield();
      done_by_caller += tasks.size();
    }
  });
  EXPECT_EQ(done_by_caller + done_by_worker, kTasks);
  EXPECT_GE(done_by_worker.load(), 1u);
  EXPECT_LE(done_by_worker.load(), kTakenMax);
}

// Large parts first and single tasks at last, whoever takes them.  In the first region of a pool: on a crowded machine
// later ones may have fewer workers, or one that does all at once.
TEST(WorkerPool, what_is_taken_at_once_shrinks_to_single_tasks) {
  constexpr std::size_t kTasks = 512;
  for (const std::size_t size : {std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    for (int repetition = 0; repetition < 100; ++repetition) {
      WorkerPool pool(size);
      std::vector<std::vector<Share>> taken(size);
      pool.for_tasks(kTasks, [&](Share tasks, std::size_t worker) { taken[worker].push_back(tasks); });
      std::vector<int> calls(kTasks);
      std::size_t singles = 0;
      for (const std::vector<Share>& shares : taken) {
        for (const Share tasks : shares) {
          ASSERT_GE(tasks.size(), 1u);
          ASSERT_LE(tasks.size(), kTasks / size / 4);
          ASSERT_LE(tasks.end, kTasks);
          singles += tasks.size() == 1 ? 1 : 0;
          for (std::size_t task = tasks.begin; task < tasks.end; ++task) ++calls[task];
        }
      }
      ASSERT_EQ(calls, std::vector<int>(kTasks, 1));
      ASSERT_GE(singles, size);  // each stretch ends with one
    }
  }
}

std::atomic<bool> is_held{false};
std::atomic<bool> is_released{false};

// Runs on the worker that gets the signal: it is then as good as without a processor.
void hold_thread(int) {
  is_held = true;
  while (!is_released) ::usleep(100);
}

TEST(WorkerPool, worker_that_gets_no_processor_holds_up_nothing) {
  if (kHasThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delivers signals late";
  WorkerPool pool(2);
  std::atomic<bool> has_name{false};
  pthread_t name{};
  pool.for_tasks(2, [&](std::size_t, std::size_t worker) {
    if (worker == 0) {
      while (!has_name) std::this_thread::yield();
    } else {
      name = ::pthread_self();
      has_name = true;
    }
  });
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = hold_thread;
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  is_held = is_released = false;
  ASSERT_EQ(::pthread_kill(name, SIGUSR1), 0);
  while (!is_held) std::this_thread::yield();

  std::size_t tasks_done = 0;  // not atomic: all by the caller
  for (int region = 0; region < 1000; ++region) {
    pool.for_tasks(10, [&](std::size_t, std::size_t worker) { tasks_done += worker == 0 ? 1 : 0; });
  }
  EXPECT_EQ(tasks_done, 10'000u);

  // Back again, it takes part in the next regions and finds nothing of those that it missed.
  is_released = true;
  std::atomic<bool> has_come{false};
  pool.for_tasks(2, [&](std::size_t, std::size_t worker) {
    if (worker == 1) has_come = true;
    while (!has_come) std::this_thread::yield();
  });
  EXPECT_TRUE(has_come);
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST(WorkerPool, more_threads_than_cores_with_uneven_tasks) {
  WorkerPool pool(4 * usable_cores() + 5);
  std::mt19937 random(1);
  for (int region = 0; region < 60; ++region) {
    std::vector<int> calls(1 + random() % 100);
    const std::size_t slow = random() % 5 + 2;
    pool.for_tasks(calls.size(), [&](std::size_t task, std::size_t) {
      if (task % slow == 0) std::this_thread::sleep_for(std::chrono::microseconds(task % 7 * 50));
      ++calls[task];
    });
    ASSERT_EQ(calls, std::vector<int>(calls.size(), 1));
    if (region % 3 == 0) spin_for(std::chrono::microseconds(200));  // some have gone to sleep, some not
  }
}

TEST(WorkerPool, stops_without_ever_having_run) {
  for (int round = 0; round < 50; ++round) WorkerPool pool(4);
}

TEST(WorkerPool, stops_right_after_a_region) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> calls{0};
    {
      WorkerPool pool(3);
      pool.for_tasks(4, [&](std::size_t, std::size_t) { ++calls; });
    }
    ASSERT_EQ(calls.load(), 4);
  }
}

TEST(WorkerPool, workers_that_went_to_sleep_wake_up) {
  for (int region = 0; region < 20; ++region) {
    WorkerPool pool(4);                        // a new one: a pool that had to wait may leave workers out
    spin_for(std::chrono::microseconds(300));  // longer than any spin: the region finds sleepers
    std::atomic<std::size_t> come{0};
    // Ends only when all four are in it.
    pool.for_tasks(4, [&](std::size_t, std::size_t) {
      ++come;
      while (come < 4) std::this_thread::yield();
    });
  }
}

TEST(WorkerPoolDeathTest, refuses_a_region_inside_a_region) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const std::size_t size : {1u, 3u}) {
    EXPECT_DEATH(
        {
          WorkerPool pool(size);
          pool.for_tasks(4, [&](std::size_t, std::size_t) { pool.for_tasks(2, [](std::size_t, std::size_t) {}); });
        },
        "is_running");
  }
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

TEST(CpuQuota, no_files_mean_no_limit) {
  const checks::FakeRoot root;
  EXPECT_EQ(cgroup_core_limit(root.path()), std::nullopt);
}

TEST(CpuQuota, version_2_takes_the_smallest_limit_on_the_way_up) {
  const checks::FakeRoot root;
  root.write("/proc/self/cgroup", "0::/slice/app\n");
  root.write("/sys/fs/cgroup/slice/app/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), std::nullopt);
  root.write("/sys/fs/cgroup/slice/cpu.max", "150000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 1.5);
  root.write("/sys/fs/cgroup/slice/app/cpu.max", "400000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 1.5);
}

TEST(CpuQuota, limit_at_the_top_counts_when_the_group_is_not_visible) {
  const checks::FakeRoot root;
  root.write("/proc/self/cgroup", "0::/../not/here\n");
  root.write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 3.0);
}

TEST(CpuQuota, version_1_is_read_from_the_cpu_controller) {
  const checks::FakeRoot root;
  root.write("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n");
  root.write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "200000\n");
  root.write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_core_limit(root.path()), 2.0);
}

TEST(CpuQuota, garbage_is_no_limit) {
  const checks::FakeRoot root;
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
