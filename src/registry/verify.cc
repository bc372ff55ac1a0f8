// Hashes in blocks, so that Ctrl-C is heard.
#include "registry/verify.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

}  // namespace

Result<VerifiedFile> verify(const RemoteFile& file, const PartialFile& content,
                            const std::function<bool()>& is_cancelled) {
  std::vector<std::byte> block(kBlockBytes);
  VerifiedFile verified;
  Hasher sha256;
  std::optional<Hasher> git;
  if (!file.git_sha1.empty() && file.bytes) {
    git.emplace(HashKind::kSha1);
    git->add(std::string_view(fmt::format("blob {}", *file.bytes)));
    git->add(std::string_view("\0", 1));
  }
  for (;;) {
    if (is_cancelled && is_cancelled()) return unavailable("{}: stopped", file.path);
    SIXFOLD_TRY(const std::size_t count, content.read(verified.bytes, block));
    if (count == 0) break;
    const std::span<const std::byte> bytes(block.data(), count);
    sha256.add(bytes);
    if (git) git->add(bytes);
    verified.bytes += count;
  }
  verified.sha256 = sha256.finish();
  if (file.bytes && *file.bytes != verified.bytes) {
    return corrupt_data("{}: want {} bytes, got {}", file.path, *file.bytes, verified.bytes);
  }
  if (!file.sha256.empty() && file.sha256 != verified.sha256) {
    return corrupt_data("{}: SHA-256: want {}, got {}", file.path, file.sha256, verified.sha256);
  }
  if (git) {
    const std::string got = git->finish();
    if (got != file.git_sha1) return corrupt_data("{}: git hash: want {}, got {}", file.path, file.git_sha1, got);
  }
  return verified;
}

}  // namespace sixfold::registry
