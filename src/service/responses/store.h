// Responses that clients may come back to, in memory.
#pragma once
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/thread_annotations.h"
#include "service/limits.h"
#include "tokenizer/chat_template.h"

namespace sixfold::service {

struct StoredResponse {
  std::string id;
  std::string body;                                  // the response object
  std::vector<std::string> items;                    // its input, as JSON
  std::vector<tokenizer::ChatMessage> conversation;  // with its answer, without instructions
  bool is_running = false;                           // in the background; the answer is not there yet
  bool is_background = false;
  std::int64_t created = 0;  // unix seconds
};

struct ResponseStoreLimits {
  std::size_t count = limits::kStoredResponsesMax;
  std::size_t bytes = limits::kStoredResponseBytesMax;
  std::int64_t seconds = limits::kStoredResponseSeconds;
};

// When it is full, the oldest go first; so do those that are too old.  Thread-safe.
class ResponseStore {
 public:
  explicit ResponseStore(const Clock& clock, ResponseStoreLimits limits = {}) : clock_(clock), limits_(limits) {}

  // Replaces one of the same id.  One that is larger than the whole store is not kept.
  void put(StoredResponse response);
  // The same for one that is still there: false when it was deleted or cancelled meanwhile.
  bool finish(StoredResponse response);
  std::optional<StoredResponse> find(const std::string& id);
  bool remove(const std::string& id);
  std::size_t size() const;

 private:
  struct Entry {
    StoredResponse response;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  void insert(StoredResponse response) SIXFOLD_REQUIRES(mutex_);
  void erase(Entries::iterator entry) SIXFOLD_REQUIRES(mutex_);
  void drop_old() SIXFOLD_REQUIRES(mutex_);

  const Clock& clock_;
  const ResponseStoreLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_ SIXFOLD_GUARDED_BY(mutex_);  // oldest first
  std::unordered_map<std::string, Entries::iterator> by_id_ SIXFOLD_GUARDED_BY(mutex_);
  std::size_t bytes_ SIXFOLD_GUARDED_BY(mutex_) = 0;
};

}  // namespace sixfold::service
