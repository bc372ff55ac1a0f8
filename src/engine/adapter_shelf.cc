// A name is reserved first, so that the slow part, reading and packing, happens outside the lock.
#include "engine/adapter_shelf.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/log.h"
#include "formats/adapter.h"

namespace sixfold::engine {
namespace {

constexpr std::size_t kNameBytesMax = 256;

// Names travel in URLs, headers and comma lists of metrics.
bool is_name(const std::string& name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+-";
  return !name.empty() && name.size() <= kNameBytesMax && name.find_first_not_of(kLetters) == std::string::npos;
}

}  // namespace

std::size_t AdapterShelf::bytes_locked() const {
  std::size_t sum = 0;
  for (const auto& adapter : adapters_) sum += adapter->weights->bytes();
  for (const auto& weak : unloaded_) {
    if (const auto adapter = weak.lock()) sum += adapter->weights->bytes();
  }
  return sum;
}

std::size_t AdapterShelf::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_locked();
}

Status AdapterShelf::check_room(const AdapterFile& file, std::uint64_t wanted) const {
  const std::size_t used = bytes_locked();
  if (wanted <= bytes_max_ - std::min(used, bytes_max_)) return ok();
  return resource_exhausted("adapter \"{}\": {} bytes beside {} of other adapters, want at most {} in all", file.name,
                            wanted, used, bytes_max_);
}

Status AdapterShelf::reserve(const AdapterFile& file) {
  if (!is_name(file.name)) {
    return invalid_argument("adapter name: want 1 to {} of the characters A-Z a-z 0-9 . _ : / + -, got {} bytes",
                            kNameBytesMax, file.name.size());
  }
  if (!std::isfinite(file.scale))
    return invalid_argument("adapter \"{}\": scale {}, want a number", file.name, file.scale);
  const std::lock_guard lock(mutex_);
  const auto has_name = [&](const auto& adapter) { return adapter->name == file.name; };
  if (std::any_of(adapters_.begin(), adapters_.end(), has_name) || loading_.contains(file.name)) {
    return already_exists("adapter \"{}\": already loaded; unload it first", file.name);
  }
  if (adapters_.size() + loading_.size() >= limits::kAdaptersMax) {
    return resource_exhausted("adapter \"{}\": {} adapters are loaded, want at most {}", file.name, adapters_.size(),
                              limits::kAdaptersMax);
  }
  loading_.insert(file.name);
  return ok();
}

Result<std::shared_ptr<const model::Adapter>> AdapterShelf::read(const AdapterFile& file) const {
  SIXFOLD_TRY(const formats::Checkpoint checkpoint,
              formats::open_adapter(file.path, model_.description().architecture));
  {
    // Packed, an adapter takes about as much as its file.
    const std::lock_guard lock(mutex_);
    SIXFOLD_TRY_STATUS(check_room(file, checkpoint.file_bytes()));
  }
  return model_.load_adapter(checkpoint);
}

Status AdapterShelf::load(const AdapterFile& file) {
  SIXFOLD_TRY_STATUS(reserve(file));
  auto weights = read(file);
  const std::lock_guard lock(mutex_);
  loading_.erase(file.name);
  if (!weights) return std::move(weights).error();
  SIXFOLD_TRY_STATUS(check_room(file, (*weights)->bytes()));
  auto adapter = std::make_shared<NamedAdapter>();
  adapter->name = file.name;
  adapter->source = file.source;
  adapter->scale = file.scale;
  adapter->id = ++ids_;
  adapter->loaded = clock_.unix_seconds();
  adapter->weights = *std::move(weights);
  spdlog::info("adapter \"{}\": loaded from {}, {} bytes, rank up to {}", file.name, file.path,
               adapter->weights->bytes(), adapter->weights->rank_max());
  adapters_.push_back(std::move(adapter));
  return ok();
}

Status AdapterShelf::unload(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(adapters_.begin(), adapters_.end(), [&](const auto& adapter) { return adapter->name == name; });
  if (found == adapters_.end()) return not_found("adapter \"{}\": not loaded", name);
  std::erase_if(unloaded_, [](const auto& weak) { return weak.expired(); });
  unloaded_.push_back(*found);
  adapters_.erase(found);
  spdlog::info("adapter \"{}\": unloaded", name);
  return ok();
}

std::shared_ptr<const NamedAdapter> AdapterShelf::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& adapter : adapters_) {
    if (adapter->name == name) return adapter;
  }
  return nullptr;
}

std::vector<std::shared_ptr<const NamedAdapter>> AdapterShelf::list() const {
  const std::lock_guard lock(mutex_);
  return adapters_;
}

}  // namespace sixfold::engine
