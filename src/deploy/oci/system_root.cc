// An absolute link of a copied system means a file of that system.  The kernel would follow it to this machine's, which
// may well exist: a loader of another version, say, than the C library beside it.
#include "deploy/oci/system_root.h"

#include <deque>
#include <filesystem>

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;

constexpr int kLinksMax = 40;  // as many as Linux follows

// The parts of `path`, to be walked before those that wait already.
void put_first(std::deque<std::string>& parts, const fs::path& path) {
  std::deque<std::string> added;
  for (const fs::path& part : path.relative_path()) added.push_back(part.string());
  parts.insert(parts.begin(), added.begin(), added.end());
}

}  // namespace

std::optional<std::string> find_below(const std::string& root, std::string_view path) {
  std::error_code error;
  if (root.empty()) return fs::exists(path, error) ? std::optional<std::string>(path) : std::nullopt;
  std::deque<std::string> parts;
  put_first(parts, path);
  fs::path inside = "/";  // where we are; free of links
  int links = 0;
  while (!parts.empty()) {
    const std::string part = parts.front();
    parts.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      inside = inside.parent_path();  // of "/" it is "/"
      continue;
    }
    const fs::path next = inside / part;
    const std::string file = root + next.string();
    const fs::file_status status = fs::symlink_status(file, error);
    if (error || !fs::exists(status)) return std::nullopt;
    if (!fs::is_symlink(status)) {
      inside = next;
      continue;
    }
    if (++links > kLinksMax) return std::nullopt;
    const fs::path target = fs::read_symlink(file, error);
    if (error) return std::nullopt;
    if (target.is_absolute()) inside = "/";
    put_first(parts, target);
  }
  return root + inside.string();
}

}  // namespace sixfold::deploy::oci
