// Small requests at once, others in turn.
#include "service/tensor_backend.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/log.h"

namespace sixfold::service {
namespace {

// Waking a thread and coming back takes some ten microseconds, and a net thread may well be held up a few times as
// long.
constexpr std::int64_t kQuickNs = 100'000;
constexpr std::size_t kQuickBytes = 16u << 10;  // of all inputs: what typical_ns_ is about
constexpr std::int64_t kStallNs = 60'000'000'000;

std::size_t bytes_of(const TensorRequest& request) {
  std::size_t bytes = 0;
  for (const HostTensor& input : request.inputs) {
    bytes += input.bytes.size();
    for (const std::string& text : input.strings) bytes += text.size();
  }
  return bytes;
}

std::int64_t since_start_ns(const Clock& clock) {
  return clock.now().time_since_epoch().count();
}

// Sorts the inputs as the model has them.
Result<std::vector<HostTensor>> in_order(const std::vector<TensorSpec>& specs, std::vector<HostTensor> inputs) {
  std::vector<HostTensor> out;
  out.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    const auto found =
        std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) { return input.name == spec.name; });
    if (found == inputs.end()) return invalid_argument("input \"{}\": want a tensor, got none", spec.name);
    out.push_back(std::move(*found));
    inputs.erase(found);
  }
  if (!inputs.empty()) return invalid_argument("input \"{}\": the model has none of that name", inputs.front().name);
  return out;
}

}  // namespace

TensorBackend::TensorBackend(std::unique_ptr<TensorModel> model, TensorBackendOptions options)
    : model_(std::move(model)),
      clock_(options.clock != nullptr ? *options.clock : system_clock()),
      queue_max_(options.queue_max),
      batch_rows_(options.batch_rows),
      can_join_(can_join_rows(model_->signature())) {
  description_.model = std::move(options.model);
  description_.aliases = std::move(options.aliases);
  description_.architecture = std::move(options.format);
  description_.weight_bytes = options.file_bytes;
  description_.created = clock_.unix_seconds();
  description_.generates = false;
  description_.tensors = std::make_shared<const TensorSignature>(model_->signature());
  thread_ = std::thread([this] { work(); });
}

TensorBackend::~TensorBackend() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (Work& work : take_gathered()) work.done(unavailable("the server is stopping"));
}

Error TensorBackend::takes_tensors() const {
  return lacks_ability(description_, Ability::kGenerate);
}

Result<std::shared_ptr<Generation>> TensorBackend::generate(GenerateRequest request) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return takes_tensors();
}

Status TensorBackend::embed(EmbedRequest request, Done<Embeddings>) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return lacks_ability(description_, Ability::kEmbed);
}

Status TensorBackend::score(ScoreRequest request, Done<Scores>) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return lacks_ability(description_, Ability::kScore);
}

Result<std::vector<TokenId>> TensorBackend::tokenize(std::string_view, bool, bool) const {
  return invalid_argument("the model \"{}\" has no tokens; it takes tensors: POST /predict", description_.model);
}

Result<std::string> TensorBackend::detokenize(const std::vector<TokenId>&) const {
  return invalid_argument("the model \"{}\" has no tokens; it takes tensors: POST /predict", description_.model);
}

bool TensorBackend::is_ready() const {
  const std::int64_t began = began_ns_;
  return began == 0 || since_start_ns(clock_) - began < kStallNs;
}

bool TensorBackend::is_quick(const TensorRequest& request) const {
  const std::int64_t typical = typical_ns_.load(std::memory_order_relaxed);
  return typical >= 0 && typical < kQuickNs && bytes_of(request) <= kQuickBytes;
}

// Answers all of them; in as few runs as may be where requests are put together.
void TensorBackend::compute(std::vector<Work>& works) {
  const TimePoint begin = clock_.now();
  std::vector<TensorJob> jobs;
  std::vector<Done<TensorAnswer>> dones;
  jobs.reserve(works.size());
  dones.reserve(works.size());
  bool is_small = true;
  for (Work& work : works) {
    TensorRequest& request = work.request;
    if (request.stop.stop_requested()) {
      work.done(unavailable("the request was cancelled"));
      continue;
    }
    is_small = is_small && bytes_of(request) <= kQuickBytes;
    auto inputs = in_order(model_->signature().inputs, std::move(request.inputs));
    if (!inputs) {
      work.done(std::move(inputs).error());
      continue;
    }
    jobs.push_back({*std::move(inputs), std::move(request.outputs), std::move(request.stop)});
    dones.push_back(std::move(work.done));
  }
  if (jobs.empty()) return;
  JointAnswers joint = run_jobs(*model_, jobs, batch_rows_);
  if (!joint.output_without_rows.empty() && can_join_.exchange(false)) {
    SPDLOG_WARN("requests are computed one by one: output \"{}\" has not a row for each row of the inputs",
                joint.output_without_rows);
  }
  if (is_small) {
    // Racing writers may lose one measurement, which does not matter.
    const std::int64_t took = (clock_.now() - begin).count() / static_cast<std::int64_t>(jobs.size());
    const std::int64_t before = typical_ns_.load(std::memory_order_relaxed);
    typical_ns_.store(before < 0 ? took : before + (took - before) / 8, std::memory_order_relaxed);
  }
  for (std::size_t i = 0; i < dones.size(); ++i) dones[i](std::move(joint.answers[i]));
}

Status TensorBackend::predict(TensorRequest request, Done<TensorAnswer> done) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  if (is_quick(request)) {
    std::vector<Work> works;
    if (!joins() || !request.run_soon) {
      works.push_back({std::move(request), std::move(done)});
      compute(works);
      return ok();
    }
    // Every request has a task of its own, since that of one whose client leaves is dropped; the first one computes.
    const auto run_soon = std::move(request.run_soon);
    {
      const std::lock_guard lock(mutex_);
      gathered_.push_back({std::move(request), std::move(done)});
    }
    run_soon([this] { compute_gathered(); });
    return ok();
  }
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return unavailable("the server is stopping");
    if (queue_.size() >= queue_max_) return resource_exhausted("the queue is full: {} requests wait", queue_max_);
    queue_.push_back({std::move(request), std::move(done)});
  }
  changed_.notify_one();
  return ok();
}

std::vector<TensorBackend::Work> TensorBackend::take_gathered() {
  const std::lock_guard lock(mutex_);
  return std::exchange(gathered_, {});
}

void TensorBackend::compute_gathered() {
  std::vector<Work> works = take_gathered();
  compute(works);
}

// The oldest request and those after it that fit into its run.
std::vector<TensorBackend::Work> TensorBackend::next_from_queue() {
  std::vector<Work> works;
  std::size_t rows = 0;
  do {
    rows += count_rows(queue_.front().request.inputs);
    works.push_back(std::move(queue_.front()));
    queue_.pop_front();
  } while (joins() && !queue_.empty() && rows + count_rows(queue_.front().request.inputs) <= batch_rows_);
  return works;
}

void TensorBackend::work() {
  for (;;) {
    std::vector<Work> works;
    bool is_stopping = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      works = next_from_queue();
      is_stopping = is_stopping_;
    }
    if (is_stopping) {
      for (Work& work : works) work.done(unavailable("the server is stopping"));
      continue;
    }
    began_ns_ = since_start_ns(clock_);
    compute(works);
    began_ns_ = 0;
  }
}

}  // namespace sixfold::service
