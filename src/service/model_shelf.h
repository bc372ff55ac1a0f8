// The models that lie on this machine, as clients may manage them: the seam between HTTP and whoever fetches models.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"

namespace sixfold::service {

struct ShelvedModel {
  std::string name = {};
  std::string source = {};     // "hf:org/name"
  std::string digest = {};     // "sha256:..." of its main file; "" when not known
  std::uint64_t bytes = 0;     // of all files
  std::int64_t pulled_at = 0;  // unix seconds
};

struct ShelfProgress {
  std::string file = {};
  std::string digest = {};  // "sha256:..."; "" when not known
  std::uint64_t done = 0;   // bytes of the file
  std::uint64_t total = 0;  // 0: not known
};

// Thread-safe.
class ModelShelf {
 public:
  virtual ~ModelShelf() = default;

  virtual std::vector<ShelvedModel> list() const = 0;

  // Both return at once.  Callbacks come from another thread and must not wait; `done` once, and not at all after an
  // error.
  // Errors: permission_denied for names that clients may not have pulled, unavailable when too much is under way.
  struct PullRequest {
    std::string name;
    std::stop_token stop = {};  // nobody wants the model any more
    std::function<void(ShelfProgress)> progress;
    std::function<void(Status)> done;
  };
  virtual Status pull(PullRequest request) = 0;
  virtual Status remove(std::string name, std::function<void(Status)> done) = 0;
};

}  // namespace sixfold::service
