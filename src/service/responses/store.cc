// Sizes are estimates: texts are counted, and a fixed amount for what holds them.
#include "service/responses/store.h"

#include <iterator>
#include <utility>

namespace sixfold::service {
namespace {

constexpr std::size_t kHolderBytes = 256;

std::size_t bytes_of(const StoredResponse& response) {
  std::size_t bytes = kHolderBytes + response.body.size();
  for (const std::string& item : response.items) bytes += kHolderBytes + item.size();
  for (const tokenizer::ChatMessage& message : response.conversation) {
    bytes += kHolderBytes + message.content.size() + message.reasoning_content.size();
    for (const tokenizer::ChatToolCall& call : message.tool_calls) bytes += kHolderBytes + call.arguments.size();
  }
  return bytes;
}

}  // namespace

void ResponseStore::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_id_.erase(entry->response.id);
  entries_.erase(entry);
}

void ResponseStore::drop_old() {
  const std::int64_t oldest = clock_.unix_seconds() - limits_.seconds;
  while (!entries_.empty() &&
         (entries_.size() > limits_.count || bytes_ > limits_.bytes || entries_.front().response.created < oldest)) {
    erase(entries_.begin());
  }
}

void ResponseStore::insert(StoredResponse response) {
  const std::size_t bytes = bytes_of(response);
  if (bytes > limits_.bytes) return;
  response.created = clock_.unix_seconds();
  std::string id = response.id;
  entries_.push_back({std::move(response), bytes});
  by_id_.emplace(std::move(id), std::prev(entries_.end()));
  bytes_ += bytes;
  drop_old();
}

void ResponseStore::put(StoredResponse response) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_id_.find(response.id); found != by_id_.end()) erase(found->second);
  insert(std::move(response));
}

bool ResponseStore::finish(StoredResponse response) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(response.id);
  if (found == by_id_.end() || !found->second->response.is_running) return false;
  erase(found->second);
  insert(std::move(response));
  return true;
}

std::optional<StoredResponse> ResponseStore::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  drop_old();
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second->response;
}

bool ResponseStore::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  erase(found->second);
  return true;
}

std::size_t ResponseStore::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sixfold::service
