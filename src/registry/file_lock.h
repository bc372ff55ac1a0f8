// A lock between processes: flock(2) on a file, as the hub's own tools use it.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "core/result.h"

namespace sixfold::registry {

enum class LockKind { kShared, kExclusive };

// Held while it lives.  The file stays.  One thread.
class FileLock {
 public:
  // Waits as long as another holds it, calling on_wait once before.  is_cancelled is asked whenever a signal interrupts
  // the waiting.  Errors: not_found, permission_denied (the file), unavailable (cancelled).
  static Result<FileLock> acquire(const std::string& path, LockKind kind, const std::function<void()>& on_wait,
                                  const std::function<bool()>& is_cancelled);
  // Nothing when another holds it.
  static Result<std::optional<FileLock>> try_acquire(const std::string& path, LockKind kind);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace sixfold::registry
