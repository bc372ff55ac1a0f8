// Decides who computes next, and does it: plan batch -> forward -> sample -> token streams.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/batch_plan.h"
#include "engine/page_cache.h"
#include "engine/request_state.h"
#include "engine/sequence.h"
#include "engine/step_times.h"
#include "model/model.h"

namespace sixfold::engine {

struct SchedulerOptions {
  std::size_t context = 0;         // tokens a sequence may have
  std::size_t sequences_max = 0;   // in one step; at most the model's rows_max
  std::size_t prefill_chunk = 0;   // prompt rows beside decoding sequences, at most
  double step_target_seconds = 0;  // of such a step; 0 = any
  bool has_prefix_cache = true;
  bool has_speculation = true;
};

struct SchedulerCounts {
  std::size_t requests_waiting = 0;
  std::size_t requests_running = 0;  // have left the queue, and have not finished
  std::size_t pages_used = 0;
  std::size_t pages_cached = 0;
  std::size_t pages_total = 0;
  std::size_t page_tokens = 0;
  std::uint64_t steps = 0;
  std::uint64_t prefix_tokens_asked = 0;
  std::uint64_t prefix_tokens_found = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t tokens_drafted = 0;           // guesses that were computed
  std::uint64_t tokens_accepted = 0;          // of those, the ones that were right
  std::vector<std::string> adapters_running;  // names, each once
  std::vector<std::string> adapters_waiting;
  bool is_failing = false;  // the last forward call returned an error
};

// Waiting sequences are admitted in order of age when there are pages for all their tokens.  Pages that generated text
// needs are taken when it grows; when none is left, the youngest sequence gives all of its pages back and waits again
// (preemption: what it had is computed again later, mostly from the prefix tree).  The oldest one can always go on,
// since a request that could not fit alone is refused at the door: so every request ends.
// Speculation: a decoding sequence may compute guesses of its next tokens along with its newest one (drafter.h).  Each
// row is sampled as if the guesses before it had been written one by one, and the first that the sampler does not draw
// ends the step for this sequence; so text does not depend on guesses, only its speed does.  What a wrong guess left in
// the pages lies behind `computed` and is overwritten.
// One thread at a time: the engine's (or a test's).
class Scheduler {
 public:
  // metrics may be null; all but kv must outlive the scheduler.
  Scheduler(model::Model& model, model::KvPages kv, const tokenizer::Tokenizer& tokenizer,
            const SchedulerOptions& options, telemetry::Metrics* metrics, const Clock& clock);

  // The most tokens that one sequence can have: the context, or less when the pages hold less.
  std::size_t tokens_max() const { return tokens_max_; }

  // The request was checked: its prompt has at least one token and fewer than tokens_max().
  void add(std::shared_ptr<RequestState> request);

  // Makes one forward call with everything that is ready.  False when nothing could be done: no work, or every reader
  // is behind.
  bool step();

  void cancel_all();

  // Requests that have ended since the last call.
  std::size_t take_finished();

  SchedulerCounts counts() const;

  // Every page's holders are the sequences that list it.  For tests and debug builds: O(pages).
  bool are_pages_consistent() const;

 private:
  using Sequences = std::vector<std::unique_ptr<Sequence>>;  // by age

  // The parts of a step, in order.
  bool drop_cancelled();
  void choose_active();
  void grow_active();
  void admit_waiting();
  struct Step;
  Step plan_step();
  Status forward(const Step& step);
  void take_results(const Step& step);
  void remove_finished();

  PlanLimits plan_limits(std::size_t decoding) const;
  std::vector<std::size_t> draft(std::span<const std::size_t> rows);
  bool try_hold_pages(Sequence& sequence, std::size_t tokens);
  void accept_drafts(Sequence& sequence, std::span<const model::BatchRow> drafted, std::span<float> logits);
  bool begins_like_one_being_computed(const Sequence& sequence) const;
  std::size_t findable_tokens(const Sequence& sequence) const;
  bool try_admit(Sequence& sequence);
  void preempt(std::size_t index);
  bool preempt_one_paused();
  void remember_pages(Sequence& sequence);
  void sample_all_choices(Sequence& sequence, std::span<float> logits);
  bool share_pages(const Sequence& from, Sequence& to);
  std::size_t pages_for(std::size_t tokens) const { return (tokens + page_tokens_ - 1) / page_tokens_; }
  static void insert(Sequences& sequences, std::unique_ptr<Sequence> sequence);

  // Constant after construction.
  model::Model& model_;
  const tokenizer::Tokenizer& tokenizer_;
  telemetry::Metrics* const metrics_;
  const Clock& clock_;
  const SchedulerOptions options_;
  const std::size_t sequences_max_;
  const std::size_t rows_max_;
  const std::size_t drafts_max_;  // guesses of all sequences in one step
  const std::size_t page_tokens_;
  const std::size_t vocabulary_;
  const std::size_t tokens_max_;

  model::KvPages kv_;
  PageCache pages_;
  Sequences running_;                // hold pages
  Sequences waiting_;                // hold none
  std::vector<Sequence*> active_;    // those of running_ that take part in this step, by age
  std::unique_ptr<float[]> logits_;  // [sequences_max + drafts_max, vocabulary] f32
  std::vector<float> row_;           // [vocabulary] f32: a copy for each choice at a fork
  StepTimes decode_times_;           // of steps where every row wants logits
  StepTimes prompt_times_;           // of the others
  std::uint64_t arrivals_ = 0;
  std::size_t finished_ = 0;
  SchedulerCounts totals_;
};

}  // namespace sixfold::engine
