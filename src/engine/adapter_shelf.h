// The LoRA adapters of one engine, by name: loaded and unloaded at any time.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/thread_annotations.h"
#include "model/adapter.h"
#include "model/model.h"

namespace sixfold::engine {

// Immutable.  Requests share it, so an adapter that was unloaded stays in memory until the last of them ends.
struct NamedAdapter {
  std::string name;
  std::string source;       // as the person who loaded it wrote it
  float scale = 1;          // of requests that name it and say no other
  std::uint64_t id = 0;     // from 1 on; never used again, not even for the same name
  std::int64_t loaded = 0;  // unix seconds
  std::shared_ptr<const model::Adapter> weights;
};

struct AdapterFile {
  std::string name;
  std::string path;  // as for formats::open_adapter
  std::string source;
  float scale = 1;
};

// Thread-safe.  At most limits::kAdaptersMax adapters, and bytes_max of them in memory, those included that were
// unloaded and are still used.
class AdapterShelf {
 public:
  // model and clock must outlive the shelf.
  AdapterShelf(const model::Model& model, std::size_t bytes_max, const Clock& clock)
      : model_(model), bytes_max_(bytes_max), clock_(clock) {}

  // Reads and packs on the calling thread; the shelf is usable meanwhile.
  // Errors: those of formats::open_adapter and Model::load_adapter; already_exists (the name), invalid_argument (a name
  // that cannot be one, a scale that is no number), resource_exhausted (a limit above).  Nothing has changed then.
  Status load(const AdapterFile& file);

  // Requests that use it go on.  Errors: not_found.
  Status unload(const std::string& name);

  // Null when there is none of this name.
  std::shared_ptr<const NamedAdapter> find(const std::string& name) const;
  std::vector<std::shared_ptr<const NamedAdapter>> list() const;  // by id

  std::size_t bytes() const;  // in memory
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  Status reserve(const AdapterFile& file);
  Result<std::shared_ptr<const model::Adapter>> read(const AdapterFile& file) const;
  Status check_room(const AdapterFile& file, std::uint64_t wanted) const SIXFOLD_REQUIRES(mutex_);
  std::size_t bytes_locked() const SIXFOLD_REQUIRES(mutex_);

  // Constant after construction.
  const model::Model& model_;
  const std::size_t bytes_max_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const NamedAdapter>> adapters_ SIXFOLD_GUARDED_BY(mutex_);  // by id
  std::vector<std::weak_ptr<const NamedAdapter>> unloaded_ SIXFOLD_GUARDED_BY(mutex_);
  std::set<std::string> loading_ SIXFOLD_GUARDED_BY(mutex_);  // names
  std::uint64_t ids_ SIXFOLD_GUARDED_BY(mutex_) = 0;
};

}  // namespace sixfold::engine
