// Numbers of one architecture from a checkpoint's metadata, each checked against a range before it is used.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/result.h"
#include "formats/checkpoint.h"

namespace sixfold::model {

struct Range {
  double low = 0;
  double high = 0;
};

// Scales and factors of real models lie far inside; outside, float arithmetic would overflow or vanish.
inline constexpr Range kScaleRange{1e-6, 1e6};

// Reads "<architecture>.<name>" and remembers what was read.  The checkpoint must outlive it.
// Errors of all reads: corrupt_data, naming file, key, got and wanted.
class KeyReader {
 public:
  KeyReader(const formats::Checkpoint& checkpoint, std::string_view architecture)
      : checkpoint_(checkpoint), prefix_(std::string(architecture) + ".") {}

  bool has(std::string_view name) const { return checkpoint_.find(key(name)) != nullptr; }
  bool is_read(std::string_view name) const { return read_.contains(name); }

  // False also for what is not a number: count says so.
  bool is_zero(std::string_view name);

  // 1 to limit.
  Result<std::size_t> count(std::string_view name, std::uint64_t limit);
  Result<std::size_t> count_or(std::string_view name, std::uint64_t limit, std::size_t fallback);

  // NaN is in no range.
  Result<double> number(std::string_view name, Range range);
  Result<double> number_or(std::string_view name, Range range, double fallback);

  Result<bool> boolean_or(std::string_view name, bool fallback);
  Result<std::string_view> string_or(std::string_view name, std::string_view fallback);

  // Null when the key holds something else.  Not remembered as read.
  template <class T>
  const T* find(std::string_view name) const {
    return std::get_if<T>(checkpoint_.find(key(name)));
  }
  void mark_read(std::string_view name) { read_.emplace(name); }

  template <class T>
  Error out_of_range(std::string_view name, const T& got, const T& low, const T& high) const {
    return corrupt(name, "{}, want {} to {}", got, low, high);
  }
  template <class... Args>
  Error corrupt(std::string_view name, fmt::format_string<Args...> format, Args&&... args) const {
    return corrupt_data("{}: {}: {}", checkpoint_.path(), key(name), fmt::format(format, std::forward<Args>(args)...));
  }
  // Possible, but not what this program computes.
  template <class... Args>
  Error unsupported(std::string_view name, fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_argument("{}: {}: {}", checkpoint_.path(), key(name),
                            fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string key(std::string_view name) const { return prefix_ + std::string(name); }

  const formats::Checkpoint& checkpoint_;
  std::string prefix_;
  std::set<std::string, std::less<>> read_;
};

}  // namespace sixfold::model
