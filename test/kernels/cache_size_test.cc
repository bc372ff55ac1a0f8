// The sizes of caches as the kernel tells them.
#include "kernels/cache_size.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/fake_root.h"

namespace sixfold::kernels {
namespace {

struct Cache {
  std::string level, type, size;
};

void write(const checks::FakeRoot& root, std::size_t index, const Cache& cache) {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
  root.write(folder + "/level", cache.level + "\n");
  root.write(folder + "/type", cache.type + "\n");
  root.write(folder + "/size", cache.size + "\n");
}

TEST(CacheSize, unknown_without_files) {
  const checks::FakeRoot root;
  EXPECT_EQ(cache_bytes(3, root.path()), 0u);
}

TEST(CacheSize, instructions_do_not_count) {
  const checks::FakeRoot root;
  write(root, 0, {"1", "Instruction", "64K"});
  EXPECT_EQ(cache_bytes(1, root.path()), 0u);
  write(root, 1, {"1", "Data", "32K"});
  write(root, 2, {"2", "Unified", "1024K"});
  write(root, 3, {"3", "Unified", "32768K"});
  EXPECT_EQ(cache_bytes(1, root.path()), std::size_t{32} << 10);
  EXPECT_EQ(cache_bytes(2, root.path()), std::size_t{1} << 20);
  EXPECT_EQ(cache_bytes(3, root.path()), std::size_t{32} << 20);
  EXPECT_EQ(cache_bytes(4, root.path()), 0u);
}

TEST(CacheSize, what_is_no_size_is_unknown) {
  for (const std::string size : {"", "K", "32", "32M", "-1K", "32K and more", "18446744073709551615K"}) {
    const checks::FakeRoot root;
    write(root, 0, {"2", "Unified", size});
    EXPECT_EQ(cache_bytes(2, root.path()), 0u) << size;
  }
}

}  // namespace
}  // namespace sixfold::kernels
