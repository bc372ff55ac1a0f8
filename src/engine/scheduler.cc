// The step of the engine, and the rules of admission, growth and preemption.
#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/log.h"
#include "engine/adapter_shelf.h"
#include "engine/draft_plan.h"

namespace sixfold::engine {
namespace {

// Enough for two sequences that repeat themselves; beyond that, rows are no longer cheap.
constexpr std::size_t kStepDraftsMax = 2 * kDraftMax;

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

// What one forward call computes.
struct Scheduler::Step {
  struct Part {
    Sequence* sequence = nullptr;
    std::size_t first_row = 0;
    std::size_t rows = 0;
    std::size_t drafted = 0;    // of these, guesses of the tokens after the newest
    bool wants_logits = false;  // its last row is the sequence's newest token, or a guess
  };
  std::vector<Part> parts;
  std::vector<model::BatchRow> rows;
  std::vector<std::span<const PageId>> pages;  // [parts]
  std::vector<model::AdapterUse> adapters;     // [parts]
  std::size_t logit_rows = 0;
  bool has_prompts = false;
};

Scheduler::Scheduler(model::Model& model, model::KvPages kv, const tokenizer::Tokenizer& tokenizer,
                     const SchedulerOptions& options, telemetry::Metrics* metrics, const Clock& clock)
    : model_(model),
      tokenizer_(tokenizer),
      metrics_(metrics),
      clock_(clock),
      options_(options),
      sequences_max_(options.sequences_max),
      rows_max_(model.rows_max()),
      drafts_max_(options.has_speculation ? std::min(kStepDraftsMax, rows_max_ - sequences_max_) : 0),
      page_tokens_(kv.shape().page_tokens),
      vocabulary_(model.description().vocabulary),
      tokens_max_(std::min(options.context, kv.pages() * kv.shape().page_tokens)),
      kv_(std::move(kv)),
      pages_(kv_.pages(), page_tokens_, options.has_prefix_cache),
      // Not filled: rows that no step ever needs take no memory.
      logits_(std::make_unique_for_overwrite<float[]>((sequences_max_ + drafts_max_) * vocabulary_)),
      row_(vocabulary_),
      decode_times_({.growth = 0, .doubt = 0.001}),
      prompt_times_({.growth = 1, .doubt = 0}) {
  SIXFOLD_CHECK(sequences_max_ >= 1 && sequences_max_ <= rows_max_ && options_.prefill_chunk >= 1);
}

bool Scheduler::step() {
  const bool has_dropped = drop_cancelled();
  choose_active();
  grow_active();
  admit_waiting();
  const Step step = plan_step();
  if (step.parts.empty()) return has_dropped;

  const TimePoint start = clock_.now();
  if (Status status = forward(step); !status) {
    spdlog::error("engine: forward of {} rows: {}", step.rows.size(), status.error().message);
    for (const Step::Part& part : step.parts) part.sequence->finish(FinishReason::kError, status.error());
  } else {
    take_results(step);
  }
  remove_finished();
  ++totals_.steps;
  if (metrics_ != nullptr) metrics_->engine_step(seconds_between(start, clock_.now()), step.rows.size());
#ifndef NDEBUG
  SIXFOLD_CHECK(are_pages_consistent());
#endif
  return true;
}

void Scheduler::add(std::shared_ptr<RequestState> request) {
  const EngineRequest& asked = request->request();
  SIXFOLD_CHECK(!asked.prompt.empty() && asked.prompt.size() < tokens_max_);
  const std::size_t room = tokens_max_ - asked.prompt.size();
  const std::size_t limit = asked.prompt.size() + (asked.tokens_max == 0 ? room : std::min(room, asked.tokens_max));
  waiting_.push_back(std::make_unique<Sequence>(std::move(request), Age{arrivals_++, 0}, limit, tokenizer_));
}

void Scheduler::insert(Sequences& sequences, std::unique_ptr<Sequence> sequence) {
  const auto place = std::upper_bound(sequences.begin(), sequences.end(), sequence,
                                      [](const auto& left, const auto& right) { return left->age() < right->age(); });
  sequences.insert(place, std::move(sequence));
}

bool Scheduler::drop_cancelled() {
  bool has_dropped = false;
  for (Sequences* sequences : {&running_, &waiting_}) {
    for (const auto& sequence : *sequences) {
      if (!sequence->request().stream().is_cancelled()) continue;
      sequence->finish(FinishReason::kCancelled, std::nullopt);
      has_dropped = true;
    }
  }
  if (has_dropped) remove_finished();
  return has_dropped;
}

void Scheduler::cancel_all() {
  for (Sequences* sequences : {&running_, &waiting_}) {
    for (const auto& sequence : *sequences) sequence->finish(FinishReason::kCancelled, std::nullopt);
  }
  remove_finished();
}

void Scheduler::remove_finished() {
  for (Sequences* sequences : {&running_, &waiting_}) {
    std::erase_if(*sequences, [this](const std::unique_ptr<Sequence>& sequence) {
      if (!sequence->is_finished()) return false;
      pages_.release_all(sequence->pages);
      if (sequence->request().take_end()) ++finished_;
      return true;
    });
  }
}

std::size_t Scheduler::take_finished() {
  return std::exchange(finished_, 0);
}

// A paused sequence takes no part and no place: slow readers cannot keep others out.
void Scheduler::choose_active() {
  for (Sequences* sequences : {&running_, &waiting_}) {
    for (const auto& sequence : *sequences) sequence->is_paused = !sequence->request().stream().has_room();
  }
  active_.clear();
  for (const auto& sequence : running_) {
    if (!sequence->is_paused && active_.size() < sequences_max_) active_.push_back(sequence.get());
  }
}

// Oldest first, so that the one which must give way is never older than the one which needs the page.
void Scheduler::grow_active() {
  for (std::size_t index = 0; index < active_.size(); ++index) {
    while (index < active_.size() && !try_hold_pages(*active_[index], active_[index]->tokens().size())) {
      if (!preempt_one_paused()) preempt(running_.size() - 1);
    }
  }
}

bool Scheduler::try_hold_pages(Sequence& sequence, std::size_t tokens) {
  while (sequence.pages.size() < pages_for(tokens)) {
    const std::optional<PageId> page = pages_.acquire();
    if (!page) return false;
    sequence.pages.push_back(*page);
  }
  return true;
}

bool Scheduler::preempt_one_paused() {
  for (std::size_t index = running_.size(); index > 0; --index) {
    if (!running_[index - 1]->is_paused) continue;
    preempt(index - 1);
    return true;
  }
  return false;
}

void Scheduler::preempt(std::size_t index) {
  std::unique_ptr<Sequence> sequence = std::move(running_[index]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  std::erase(active_, sequence.get());
  pages_.release_all(sequence->pages);
  sequence->computed = 0;
  sequence->pages_remembered = 0;
  insert(waiting_, std::move(sequence));
  ++totals_.preemptions;
}

// Prompts are admitted one after another, and only when this step has rows left for them: a later one then finds more
// of its beginning computed.
void Scheduler::admit_waiting() {
  std::size_t decoding = 0;
  std::size_t prompts = 0;  // pending rows of prompts
  for (const Sequence* sequence : active_) {
    (sequence->pending() == 1 ? decoding : prompts) += sequence->pending();
  }
  std::size_t index = 0;
  while (index < waiting_.size() && active_.size() < sequences_max_ &&
         prompts < prefill_room(decoding, plan_limits(decoding))) {
    Sequence* const sequence = waiting_[index].get();
    if (sequence->is_paused || begins_like_one_being_computed(*sequence)) {
      ++index;
      continue;
    }
    if (!try_admit(*sequence)) return;
    (sequence->pending() == 1 ? decoding : prompts) += sequence->pending();
    // Not at `index` any more when others were preempted for it.
    const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const auto& candidate) { return candidate.get() == sequence; });
    index = static_cast<std::size_t>(place - waiting_.begin());
    insert(running_, std::move(*place));
    waiting_.erase(place);
    active_.insert(std::upper_bound(active_.begin(), active_.end(), sequence,
                                    [](const Sequence* a, const Sequence* b) { return a->age() < b->age(); }),
                   sequence);
  }
}

// Then it waits a few steps and finds that beginning in the tree: many requests with one system prompt compute it once,
// also when they all come together.
bool Scheduler::begins_like_one_being_computed(const Sequence& sequence) const {
  if (!pages_.remembers()) return false;
  const std::vector<TokenId>& tokens = sequence.tokens();
  for (const Sequence* other : active_) {
    const std::size_t end = (other->computed / page_tokens_ + 1) * page_tokens_;  // of the page that it fills next
    if (other->pending() == 1 || end > other->tokens().size() || end > findable_tokens(sequence)) continue;
    if (other->origin() != sequence.origin()) continue;
    if (std::equal(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(end), other->tokens().begin())) {
      return true;
    }
  }
  return false;
}

// The last token is always computed: its logits are not in the pages.
std::size_t Scheduler::findable_tokens(const Sequence& sequence) const {
  return (sequence.tokens().size() - 1) / page_tokens_ * page_tokens_;
}

// Pages for all its tokens and the next one; and, so that it does not push out somebody at once or is pushed out
// itself, a page of growth for each of the others.
bool Scheduler::try_admit(Sequence& sequence) {
  const std::vector<TokenId>& tokens = sequence.tokens();
  std::vector<PageId> found = pages_.find(std::span(tokens).first(findable_tokens(sequence)), sequence.origin());
  const std::size_t wanted = pages_for(tokens.size() + 1) - found.size();
  while (pages_.available() < wanted + active_.size()) {
    if (preempt_one_paused()) continue;
    pages_.release_all(found);
    return false;
  }
  sequence.computed = found.size() * page_tokens_;
  sequence.pages_remembered = found.size();
  sequence.pages = std::move(found);
  for (std::size_t count = 0; count < wanted; ++count) sequence.pages.push_back(*pages_.acquire());
  if (!sequence.request().has_left_queue()) {
    sequence.request().left_queue(sequence.computed);
    totals_.prefix_tokens_asked += tokens.size();
    totals_.prefix_tokens_found += sequence.computed;
  }
  return true;
}

PlanLimits Scheduler::plan_limits(std::size_t decoding) const {
  const ChunkLimits limits{.chunk_max = options_.prefill_chunk, .seconds_max = options_.step_target_seconds};
  return {.rows_max = rows_max_, .prefill_chunk = choose_chunk(decoding, limits, prompt_times_)};
}

// How many guesses each active sequence computes along, [active].  None beside prompts: such a step has rows enough to
// keep the machine busy.
std::vector<std::size_t> Scheduler::draft(std::span<const std::size_t> rows) {
  std::vector<std::size_t> drafted(rows.size(), 0);
  const bool is_decoding =
      std::all_of(active_.begin(), active_.end(), [](const Sequence* s) { return s->pending() == 1; });
  if (drafts_max_ == 0 || !is_decoding) return drafted;
  std::vector<std::vector<double>> chances(rows.size());
  for (std::size_t index = 0; index < rows.size(); ++index) {
    Sequence& sequence = *active_[index];
    if (sequence.is_to_fork()) continue;
    sequence.drafter.advance(sequence.tokens());
    sequence.drafter.append_chances(std::min(kDraftMax, sequence.tokens_left() - 1), chances[index]);
  }
  drafted = plan_drafts(chances, {.rows = rows.size(), .drafts_max = drafts_max_}, decode_times_);
  for (std::size_t index = 0; index < rows.size(); ++index) {
    Sequence& sequence = *active_[index];
    const std::size_t tokens = sequence.tokens().size();
    // A guess is worth a page only while every other sequence can still grow by one.
    while (drafted[index] > 0 && pages_for(tokens + drafted[index]) > sequence.pages.size() &&
           pages_.available() < active_.size() + pages_for(tokens + drafted[index]) - sequence.pages.size()) {
      --drafted[index];
    }
    SIXFOLD_CHECK(try_hold_pages(sequence, tokens + drafted[index]));
  }
  return drafted;
}

Scheduler::Step Scheduler::plan_step() {
  std::vector<std::size_t> pending;
  for (const Sequence* sequence : active_) pending.push_back(sequence->pending());
  const auto decoding = static_cast<std::size_t>(std::count(pending.begin(), pending.end(), std::size_t{1}));
  const std::vector<std::size_t> counts = plan_batch(pending, plan_limits(decoding));
  const std::vector<std::size_t> drafted = draft(counts);

  Step step;
  for (std::size_t index = 0; index < active_.size(); ++index) {
    if (counts[index] == 0) continue;
    Sequence& sequence = *active_[index];
    const bool wants_logits = counts[index] == sequence.pending();
    const std::size_t first_row = step.rows.size();
    const std::size_t known = sequence.computed + counts[index];
    for (std::size_t position = sequence.computed; position < known + drafted[index]; ++position) {
      const bool is_known = position < known;
      step.rows.push_back({.token = is_known ? sequence.tokens()[position]
                                             : sequence.drafter.guess(sequence.tokens(), position - known),
                           .position = static_cast<std::uint32_t>(position),
                           .sequence = static_cast<std::uint32_t>(step.parts.size()),
                           .wants_logits = wants_logits && position + 1 >= known});
    }
    step.parts.push_back({.sequence = &sequence,
                          .first_row = first_row,
                          .rows = counts[index] + drafted[index],
                          .drafted = drafted[index],
                          .wants_logits = wants_logits});
    step.pages.emplace_back(sequence.pages);
    step.adapters.push_back(sequence.adapter());
    if (wants_logits) step.logit_rows += 1 + drafted[index];
    step.has_prompts = step.has_prompts || sequence.pending() > 1;
  }
  return step;
}

Status Scheduler::forward(const Step& step) {
  const TimePoint start = clock_.now();
  Status status = model_.forward({.rows = step.rows, .pages = step.pages, .adapters = step.adapters}, kv_,
                                 std::span(logits_.get(), step.logit_rows * vocabulary_));
  totals_.is_failing = !status.is_ok();
  StepTimes& times = step.has_prompts ? prompt_times_ : decode_times_;
  if (status) times.add(step.rows.size(), seconds_between(start, clock_.now()));
  return status;
}

void Scheduler::take_results(const Step& step) {
  std::span<float> logits(logits_.get(), step.logit_rows * vocabulary_);
  for (const Step::Part& part : step.parts) {
    part.sequence->computed += part.rows - part.drafted;
    remember_pages(*part.sequence);
    if (!part.wants_logits) continue;
    sample_all_choices(*part.sequence, logits.first(vocabulary_));
    logits = logits.subspan(vocabulary_);
    if (part.drafted == 0) continue;
    accept_drafts(*part.sequence, std::span(step.rows).subspan(part.first_row + part.rows - part.drafted, part.drafted),
                  logits.first(part.drafted * vocabulary_));
    logits = logits.subspan(part.drafted * vocabulary_);
  }
}

// drafted: the rows of the guesses.  logits: what follows each of them, [drafted, vocabulary] f32.
void Scheduler::accept_drafts(Sequence& sequence, std::span<const model::BatchRow> drafted, std::span<float> logits) {
  std::size_t accepted = 0;
  while (accepted < drafted.size() && !sequence.is_finished() && sequence.tokens().back() == drafted[accepted].token &&
         sequence.request().stream().has_room()) {
    ++sequence.computed;
    sequence.sample_next(logits.subspan(accepted * vocabulary_, vocabulary_));
    ++accepted;
  }
  remember_pages(sequence);
  // Those that hold only wrong guesses.
  while (sequence.pages.size() > pages_for(sequence.tokens().size() + 1)) {
    pages_.release(sequence.pages.back());
    sequence.pages.pop_back();
  }
  totals_.tokens_drafted += drafted.size();
  totals_.tokens_accepted += accepted;
  if (metrics_ != nullptr) metrics_->drafted_tokens(drafted.size(), accepted);
}

void Scheduler::remember_pages(Sequence& sequence) {
  const std::span<const TokenId> tokens(sequence.tokens());
  for (std::size_t& index = sequence.pages_remembered; (index + 1) * page_tokens_ <= sequence.computed; ++index) {
    const std::optional<PageId> before = index == 0 ? std::nullopt : std::optional(sequence.pages[index - 1]);
    const auto own = tokens.subspan(index * page_tokens_, page_tokens_);
    sequence.pages[index] = pages_.remember(before, own, sequence.pages[index], sequence.origin());
  }
}

// The first logits after the prompt serve all choices of a request; from then on each is a sequence of its own.
void Scheduler::sample_all_choices(Sequence& sequence, std::span<float> logits) {
  if (!sequence.is_to_fork()) {
    sequence.sample_next(logits);
    return;
  }
  Sequences siblings;
  for (std::uint32_t choice = 1; choice < sequence.request().request().choices; ++choice) {
    siblings.push_back(sequence.fork(choice));
  }
  std::copy(logits.begin(), logits.end(), row_.begin());
  sequence.sample_next(row_);
  for (const auto& sibling : siblings) {
    std::copy(logits.begin(), logits.end(), row_.begin());
    sibling->sample_next(row_);
  }
  std::size_t running = active_.size();
  for (std::unique_ptr<Sequence>& sibling : siblings) {
    if (sibling->is_finished()) continue;
    if (running < sequences_max_ && share_pages(sequence, *sibling)) {
      ++running;
      insert(running_, std::move(sibling));
    } else {
      insert(waiting_, std::move(sibling));
    }
  }
}

// Full pages are shared for good, since nobody writes to them again; the last, partly filled one is copied.
bool Scheduler::share_pages(const Sequence& from, Sequence& to) {
  const std::size_t full = from.computed / page_tokens_;
  std::optional<PageId> copy;
  if (from.computed % page_tokens_ != 0) {
    copy = pages_.acquire();
    if (!copy) return false;
    kv_.copy_page(from.pages[full], *copy);
  }
  to.pages.assign(from.pages.begin(), from.pages.begin() + static_cast<std::ptrdiff_t>(full));
  for (const PageId page : to.pages) pages_.hold(page);
  if (copy) to.pages.push_back(*copy);
  to.computed = from.computed;
  to.pages_remembered = from.pages_remembered;
  return true;
}

SchedulerCounts Scheduler::counts() const {
  SchedulerCounts counts = totals_;
  std::vector<const RequestState*> running;  // a preempted one too
  for (const Sequences* sequences : {&running_, &waiting_}) {
    for (const auto& sequence : *sequences) {
      if (sequence->request().has_left_queue()) {
        running.push_back(&sequence->request());
      } else {
        ++counts.requests_waiting;
      }
      const auto& adapter = sequence->request().request().adapter;
      if (adapter == nullptr) continue;
      const bool is_running = sequence->request().has_left_queue();
      add_name(is_running ? counts.adapters_running : counts.adapters_waiting, adapter->name);
    }
  }
  std::sort(running.begin(), running.end());
  counts.requests_running = static_cast<std::size_t>(std::unique(running.begin(), running.end()) - running.begin());
  counts.pages_used = pages_.used();
  counts.pages_cached = pages_.cached();
  counts.pages_total = pages_.total();
  counts.page_tokens = page_tokens_;
  return counts;
}

bool Scheduler::are_pages_consistent() const {
  std::vector<std::uint32_t> holders(pages_.total(), 0);
  for (const auto& sequence : running_) {
    for (const PageId page : sequence->pages) ++holders[page];
  }
  std::size_t used = 0;
  for (std::size_t page = 0; page < holders.size(); ++page) {
    if (holders[page] != pages_.holders(static_cast<PageId>(page))) return false;
    if (holders[page] > 0) ++used;
  }
  const bool waits_without_pages =
      std::all_of(waiting_.begin(), waiting_.end(), [](const auto& sequence) { return sequence->pages.empty(); });
  return waits_without_pages && used == pages_.used();
}

}  // namespace sixfold::engine
