// The hand-over between producers and the connection.  Callbacks and tasks may own the writer, whose destructor comes
// back here: they are moved out under the lock, and run or destroyed outside it.
#include "net/exchange.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "core/log.h"

namespace sixfold::net {

void run_guarded(const std::function<void()>& task) {
  if (!task) return;
  try {
    task();
  } catch (const std::exception& error) {
    SPDLOG_ERROR("a task of a request threw: {}", error.what());
  } catch (...) {
    SPDLOG_ERROR("a task of a request threw");
  }
}

void Exchange::wake_locked() {
  if (is_wake_pending_ || strand_ == nullptr) return;
  is_wake_pending_ = true;
  strand_->wake();
}

void Exchange::send(HttpResponse response) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen) {
    if (!is_gone_) SPDLOG_ERROR("a request was answered twice; the second answer ({}) is dropped", response.status);
    return;
  }
  pending_ = std::move(response.body);
  buffered_bytes_ += pending_.size();
  head_ = std::make_unique<HttpResponse>(std::move(response));
  state_ = State::kEnded;
  wake_locked();
}

void Exchange::begin_stream(HttpResponse head) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kOpen) {
    if (!is_gone_) SPDLOG_ERROR("a stream was begun after an answer; it is dropped");
    return;
  }
  head.body.clear();
  head_ = std::make_unique<HttpResponse>(std::move(head));
  state_ = State::kStreaming;
  is_stream_ = true;
  wake_locked();
}

bool Exchange::write(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kStreaming || is_gone_ || strand_ == nullptr) return false;
  if (buffered_bytes_ > kStreamBytesMax) {
    SPDLOG_ERROR("a stream's producer ignored the high water mark; the stream is cut at {} bytes", buffered_bytes_);
    state_ = State::kAborted;
    wake_locked();
    return false;
  }
  buffered_bytes_ += bytes.size();
  if (buffered_bytes_ > kStreamHighWater) is_above_high_water_ = true;
  if (pending_.empty()) {
    pending_ = std::move(bytes);
  } else {
    pending_ += bytes;
  }
  wake_locked();
  return true;
}

void Exchange::end() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kStreaming) return;
  state_ = State::kEnded;
  wake_locked();
}

void Exchange::abort() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || state_ == State::kAborted) return;
  state_ = State::kAborted;
  wake_locked();
}

void Exchange::abandon() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded || state_ == State::kAborted) return;
  if (state_ == State::kOpen) is_abandoned_ = true;
  state_ = State::kAborted;
  wake_locked();
}

void Exchange::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (strand_ != nullptr) strand_->run_soon(std::move(task));
}

void Exchange::post_after(int delay_ms, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (strand_ != nullptr) strand_->run_after(delay_ms, std::move(task));
}

void Exchange::on_gone(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (strand_ == nullptr) return;
  if (is_gone_) {
    strand_->run_soon(std::move(callback));
  } else {
    std::swap(gone_callback_, callback);
  }
}

void Exchange::on_drained(std::function<void()> callback) {
  auto shared = std::make_shared<std::function<void()>>(std::move(callback));
  const std::lock_guard lock(mutex_);
  if (strand_ != nullptr) std::swap(drained_callback_, shared);
}

Exchange::Output Exchange::take() {
  const std::lock_guard lock(mutex_);
  is_wake_pending_ = false;
  Output output;
  output.head = std::move(head_);
  output.is_stream = is_stream_;
  output.payload = std::exchange(pending_, {});
  output.is_ended = state_ == State::kEnded;
  output.is_aborted = state_ == State::kAborted;
  output.is_abandoned = is_abandoned_;
  return output;
}

void Exchange::taken_by_socket(std::size_t bytes) {
  std::shared_ptr<std::function<void()>> drained;
  {
    const std::lock_guard lock(mutex_);
    buffered_bytes_ -= std::min(bytes, buffered_bytes_.load());
    if (is_above_high_water_ && buffered_bytes_ < kStreamHighWater) {
      is_above_high_water_ = false;
      drained = drained_callback_;
    }
  }
  if (drained != nullptr) run_guarded(*drained);
}

void Exchange::mark_gone() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (is_gone_) return;
    is_gone_ = true;
    std::swap(callback, gone_callback_);
  }
  run_guarded(callback);
}

void Exchange::close() {
  std::shared_ptr<NetStrand> strand;
  std::function<void()> gone_callback;
  std::shared_ptr<std::function<void()>> drained_callback;
  std::string pending;
  {
    const std::lock_guard lock(mutex_);
    std::swap(strand, strand_);
    std::swap(gone_callback, gone_callback_);
    std::swap(drained_callback, drained_callback_);
    std::swap(pending, pending_);
    buffered_bytes_ = 0;
  }
}

}  // namespace sixfold::net
