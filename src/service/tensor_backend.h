// The backend of a model of tensors: a queue, a thread, and the model.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/thread_annotations.h"
#include "service/backend.h"
#include "service/tensor_batch.h"

namespace sixfold::service {

struct TensorBackendOptions {
  std::string model;  // the name clients use
  std::vector<std::string> aliases = {};
  std::string format = "ONNX";  // as describe() says it
  std::size_t file_bytes = 0;
  std::size_t queue_max = 256;   // requests that wait; more are refused
  std::size_t batch_rows = 1;    // of several requests in one run of the model; 1: each request by itself
  const Clock* clock = nullptr;  // null: the system's
};

// Thread-safe.  A request whose model has shown to take less time than handing it to another thread is computed by the
// thread that brought it.  With batch_rows, requests that wait at the same time are computed together: those in the
// queue, and quick ones that were ready on a thread together; none waits for others to come.
class TensorBackend final : public Backend {
 public:
  TensorBackend(std::unique_ptr<TensorModel> model, TensorBackendOptions options);
  ~TensorBackend() override;  // what waits gets an error

  Result<std::shared_ptr<Generation>> generate(GenerateRequest request) override;
  Status embed(EmbedRequest request, Done<Embeddings> done) override;
  Status score(ScoreRequest request, Done<Scores> done) override;
  Status predict(TensorRequest request, Done<TensorAnswer> done) override;
  BackendDescription describe() const override { return description_; }
  Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special, bool parses_special) const override;
  Result<std::string> detokenize(const std::vector<TokenId>& tokens) const override;
  std::string token_text(TokenId) const override { return {}; }
  bool is_ready() const override;

 private:
  struct Work {
    TensorRequest request;
    Done<TensorAnswer> done;
  };
  Error takes_tensors() const;
  bool is_quick(const TensorRequest& request) const;
  bool joins() const { return batch_rows_ > 1 && can_join_; }
  void compute(std::vector<Work>& works);
  std::vector<Work> next_from_queue() SIXFOLD_REQUIRES(mutex_);
  std::vector<Work> take_gathered();
  void compute_gathered();
  void work();

  // Constant after construction.
  const std::unique_ptr<TensorModel> model_;
  const Clock& clock_;
  const std::size_t queue_max_;
  const std::size_t batch_rows_;
  BackendDescription description_;

  std::atomic<std::int64_t> typical_ns_{-1};  // of small requests; below 0: not known yet
  std::atomic<bool> can_join_;                // rows of several requests; until an output shows otherwise
  std::atomic<std::int64_t> began_ns_{0};     // of what the thread computes; 0: nothing

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_ SIXFOLD_GUARDED_BY(mutex_);
  bool is_stopping_ SIXFOLD_GUARDED_BY(mutex_) = false;
  std::vector<Work> gathered_ SIXFOLD_GUARDED_BY(mutex_);  // quick ones, until their threads are through with others
  std::thread thread_;                                     // ends first
};

}  // namespace sixfold::service
