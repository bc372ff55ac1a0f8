// One table from errno to an error code.
#include "core/write_error.h"

#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace sixfold {

Error write_error(const std::string& path, const char* what) {
  const int number = errno;
  const std::string reason = std::generic_category().message(number);
  if (number == ENOENT || number == ENOTDIR) return not_found("{}: {} failed: no such folder", path, what);
  if (number == EACCES || number == EPERM) return permission_denied("{}: {} failed: permission denied", path, what);
  if (number == EROFS) return permission_denied("{}: {} failed: {}", path, what, reason);
  if (number == ENOSPC || number == EDQUOT) return resource_exhausted("{}: {} failed: disk full", path, what);
  if (number == EFBIG) return resource_exhausted("{}: {} failed: {}", path, what, reason);
  return internal_error("{}: {} failed: {}", path, what, reason);
}

}  // namespace sixfold
