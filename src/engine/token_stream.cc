// A queue with two sides; every callback is made after the lock is given back.
#include "engine/token_stream.h"

#include <utility>

namespace sixfold::engine {

std::optional<TokenEvent> TokenStream::take(std::unique_lock<std::mutex> lock) {
  if (events_.empty()) return std::nullopt;
  std::optional<TokenEvent> event(std::move(events_.front()));
  events_.pop_front();
  const bool has_room_again = is_paused_ && events_.size() <= limits::kTokenStreamMax / 2;
  if (has_room_again) is_paused_ = false;
  lock.unlock();
  if (has_room_again && wake_) wake_();
  return event;
}

std::optional<TokenEvent> TokenStream::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !events_.empty() || is_done_; });
  return take(std::move(lock));
}

std::optional<TokenEvent> TokenStream::try_next() {
  return take(std::unique_lock(mutex_));
}

bool TokenStream::is_finished() const {
  const std::lock_guard lock(mutex_);
  return is_done_ && events_.empty();
}

void TokenStream::cancel() {
  if (!is_cancelled_.exchange(true) && wake_) wake_();
}

void TokenStream::on_ready(std::function<void()> callback) {
  bool is_ready = false;
  {
    const std::lock_guard lock(mutex_);
    is_ready = !events_.empty() || is_done_;
    if (!is_done_) on_ready_ = callback;
  }
  if (is_ready) callback();
}

RequestUsage TokenStream::usage() const {
  const std::lock_guard lock(mutex_);
  return usage_;
}

void TokenStream::push(TokenEvent event) {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) callback = on_ready_;
    events_.push_back(std::move(event));
  }
  changed_.notify_one();
  if (callback) callback();
}

void TokenStream::push_last(TokenEvent event, const RequestUsage& usage) {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    callback = std::exchange(on_ready_, nullptr);
    if (!events_.empty()) callback = nullptr;
    events_.push_back(std::move(event));
    usage_ = usage;
    is_done_ = true;
  }
  changed_.notify_all();
  if (callback) callback();
}

bool TokenStream::has_room() {
  const std::lock_guard lock(mutex_);
  if (events_.size() >= limits::kTokenStreamMax) is_paused_ = true;
  return !is_paused_;
}

}  // namespace sixfold::engine
