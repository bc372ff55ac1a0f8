// One mutex, one bell: everything that gives the engine thread something to do rings it.
#include "engine/mailbox.h"

#include <chrono>
#include <utility>

namespace sixfold::engine {

void Mailbox::ring() {
  // From here on the sleeper is expected to move.
  if (is_asleep_ && !is_rung_) last_progress_ = clock_.now();
  is_rung_ = true;
}

Mailbox::Pushed Mailbox::push(std::shared_ptr<RequestState> request) {
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return Pushed::kClosed;
    if (in_flight_ >= in_flight_max_) return Pushed::kFull;
    if (in_flight_++ == 0) last_progress_ = clock_.now();
    requests_.push_back(std::move(request));
    ring();
  }
  rung_.notify_one();
  return Pushed::kAccepted;
}

void Mailbox::wake() {
  {
    const std::lock_guard lock(mutex_);
    ring();
  }
  rung_.notify_one();
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
}

void Mailbox::end() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    is_ended_ = true;
    ring();
  }
  rung_.notify_one();
}

std::size_t Mailbox::untaken() const {
  const std::lock_guard lock(mutex_);
  return requests_.size();
}

double Mailbox::seconds_without_progress() const {
  const std::lock_guard lock(mutex_);
  if (in_flight_ == 0 || (is_asleep_ && !is_rung_)) return 0;
  return seconds_between(last_progress_, clock_.now());
}

bool Mailbox::wait_until_all_finished(int timeout_ms) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return in_flight_ == 0; });
}

Mailbox::Taken Mailbox::take() {
  const std::lock_guard lock(mutex_);
  is_rung_ = false;
  return {std::exchange(requests_, {}), is_ended_};
}

void Mailbox::sleep() {
  std::unique_lock lock(mutex_);
  is_asleep_ = true;
  rung_.wait(lock, [this] { return is_rung_; });
  is_asleep_ = false;
}

void Mailbox::progressed() {
  const std::lock_guard lock(mutex_);
  last_progress_ = clock_.now();
}

void Mailbox::finished(std::size_t count) {
  {
    const std::lock_guard lock(mutex_);
    in_flight_ -= count;
    if (in_flight_ != 0) return;
  }
  emptied_.notify_all();
}

}  // namespace sixfold::engine
