// The engine's thread itself appends each piece: nobody waits for parts of the text.
#include "service/graphql/collect_generation.h"

#include <mutex>
#include <optional>
#include <utility>

#include "core/error.h"

namespace sixfold::service::graphql {
namespace {

// The generation's callback owns it, and it owns the generation until the last event, which always comes.
class Collector {
 public:
  Collector(const std::shared_ptr<Generation>& generation, const std::stop_token& stop, Done<CollectedText> done)
      : generation_(generation), done_(std::move(done)) {
    // Weak: the one who may ask for an end can live as long as the connection.
    on_stop_.emplace(stop, [weak = std::weak_ptr<Generation>(generation)] {
      if (const auto running = weak.lock()) running->cancel();
    });
  }

  // Any thread; more than one may come at the same time when the first events are there at once.
  void pump() {
    std::optional<Result<CollectedText>> outcome;
    std::shared_ptr<Generation> ended;  // let go of after the lock
    {
      const std::lock_guard lock(mutex_);
      if (!generation_) return;
      while (!outcome) {
        std::optional<engine::TokenEvent> event = generation_->try_next();
        if (!event) return;
        outcome = take(*event, *generation_);
      }
      ended = std::move(generation_);
    }
    done_(*std::move(outcome));
  }

 private:
  std::optional<Result<CollectedText>> take(engine::TokenEvent& event, const Generation& generation) {
    using engine::FinishReason;
    if (event.finish == FinishReason::kError || event.finish == FinishReason::kCancelled) {
      if (event.error) return Result<CollectedText>(*std::move(event.error));
      return Result<CollectedText>(
          unavailable("the request was cancelled: its client left, or the server is stopping"));
    }
    collected_.text += event.text;
    if (event.finish == FinishReason::kNone) return std::nullopt;
    collected_.finish = event.finish;
    collected_.usage = generation.usage();
    return Result<CollectedText>(std::move(collected_));
  }

  std::mutex mutex_;
  std::shared_ptr<Generation> generation_;  // guarded by mutex_; null after the last event
  CollectedText collected_;                 // guarded by mutex_
  const Done<CollectedText> done_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace

void collect_generation(std::shared_ptr<Generation> generation, const std::stop_token& stop, Done<CollectedText> done) {
  const auto collector = std::make_shared<Collector>(generation, stop, std::move(done));
  generation->on_ready([collector] { collector->pump(); });
}

}  // namespace sixfold::service::graphql
