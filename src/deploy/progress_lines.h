// Tells a person every tenth of long work, a line each.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sixfold::deploy {

// Copies count on by themselves.  One thread.
class ProgressLines {
 public:
  explicit ProgressLines(std::function<void(std::string_view)> say) : say_(std::move(say)) {}

  // what: "the model".  Nothing is said about work of less than 64 MiB.
  void update(std::string_view what, std::uint64_t done, std::uint64_t total);

 private:
  std::function<void(std::string_view)> say_;
  std::string what_;          // of the last update
  std::uint64_t tenths_ = 0;  // of it, that were told
};

}  // namespace sixfold::deploy
