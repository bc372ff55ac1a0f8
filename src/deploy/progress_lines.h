// Tells a person how far long work has come, a line every two seconds.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sixfold::deploy {

// Copies count on by themselves.  One thread.
class ProgressLines {
 public:
  explicit ProgressLines(std::function<void(std::string_view)> say) : say_(std::move(say)) {}

  // what: "the model".  Nothing is said about work that is done sooner.
  void update(std::string_view what, std::uint64_t done, std::uint64_t total);

 private:
  std::function<void(std::string_view)> say_;
  std::string what_;  // of the last update
  std::chrono::steady_clock::time_point told_;
};

}  // namespace sixfold::deploy
