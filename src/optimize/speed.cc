// Runs prefill and decode repeatedly and takes medians.
#include "optimize/speed.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace sixfold::optimize {
namespace {

// Pages, rows and logits for `batch` sequences of up to `tokens` tokens, on disjoint pages.
class Workload {
 public:
  static Result<Workload> make(model::Model& model, const SpeedOptions& options) {
    const model::KvShape shape = model.kv_shape(options.kv_dtype);
    const std::size_t tokens = options.prompt + options.generate;
    const std::size_t pages = (tokens + shape.page_tokens - 1) / shape.page_tokens;
    SIXFOLD_TRY(model::KvPages kv, model::KvPages::allocate(shape, pages * options.batch));
    return Workload(model, std::move(kv), pages, options.batch);
  }

  // Feeds tokens [begin, end) of one sequence; the last row's logits are computed, as for a real prompt.
  Status prefill(std::size_t sequence, std::size_t tokens) {
    for (std::size_t begin = 0; begin < tokens; begin += model_->rows_max()) {
      const std::size_t end = std::min(tokens, begin + model_->rows_max());
      rows_.clear();
      for (std::size_t position = begin; position < end; ++position) {
        rows_.push_back({token_at(sequence, position), static_cast<std::uint32_t>(position),
                         static_cast<std::uint32_t>(sequence), position + 1 == tokens});
      }
      SIXFOLD_TRY_STATUS(forward());
    }
    return ok();
  }

  // One decode step of every sequence.
  Status decode(std::size_t position) {
    rows_.clear();
    for (std::size_t sequence = 0; sequence < page_views_.size(); ++sequence) {
      rows_.push_back({token_at(sequence, position), static_cast<std::uint32_t>(position),
                       static_cast<std::uint32_t>(sequence), true});
    }
    return forward();
  }

 private:
  Workload(model::Model& model, model::KvPages kv, std::size_t pages, std::size_t batch)
      : model_(&model), kv_(std::move(kv)), page_ids_(pages * batch), logits_(model.description().vocabulary * batch) {
    std::iota(page_ids_.begin(), page_ids_.end(), model::PageId{0});
    for (std::size_t sequence = 0; sequence < batch; ++sequence) {
      page_views_.emplace_back(page_ids_.data() + sequence * pages, pages);
    }
  }

  model::TokenId token_at(std::size_t sequence, std::size_t position) const {
    const std::size_t mixed = (sequence * 7919 + position) * 2654435761u;
    return static_cast<model::TokenId>((mixed >> 7) % model_->description().vocabulary);
  }

  Status forward() {
    const auto wanting = static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [](const model::BatchRow& row) { return row.wants_logits; }));
    return model_->forward({rows_, page_views_}, kv_,
                           std::span(logits_).first(wanting * model_->description().vocabulary));
  }

  model::Model* model_;
  model::KvPages kv_;
  std::vector<model::PageId> page_ids_;
  std::vector<std::span<const model::PageId>> page_views_;  // into page_ids_, whose storage moves along with the vector
  std::vector<model::BatchRow> rows_;
  std::vector<float> logits_;
};

Status check(const model::Model& model, const SpeedOptions& options) {
  if (options.prompt == 0 || options.generate == 0 || options.batch == 0 || options.repeat == 0) {
    return invalid_argument("bench: prompt, generate, batch and repeat must be at least 1");
  }
  if (options.batch > model.rows_max()) {
    return invalid_argument("bench: batch: want at most {}, got {}", model.rows_max(), options.batch);
  }
  const std::size_t context = model.description().context_max;
  if (options.prompt + options.generate > context) {
    return invalid_argument("bench: prompt {} + generate {} tokens: the model's context is {}", options.prompt,
                            options.generate, context);
  }
  return ok();
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  SIXFOLD_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

Result<SpeedReport> measure_speed(model::Model& model, const SpeedOptions& options, const Clock& clock,
                                  const std::function<void(std::size_t, std::size_t)>& progress) {
  SIXFOLD_TRY_STATUS(check(model, options));
  SIXFOLD_TRY(Workload workload, Workload::make(model, options));
  std::vector<double> prefill, decode;
  for (std::size_t run = 0; run <= options.repeat; ++run) {
    progress(run, options.repeat + 1);
    const TimePoint start = clock.now();
    SIXFOLD_TRY_STATUS(workload.prefill(0, options.prompt));
    const TimePoint prefilled = clock.now();
    for (std::size_t sequence = 1; sequence < options.batch && run == 0; ++sequence) {
      SIXFOLD_TRY_STATUS(workload.prefill(sequence, options.prompt));
    }
    const TimePoint decode_start = clock.now();
    for (std::size_t step = 0; step < options.generate; ++step) {
      SIXFOLD_TRY_STATUS(workload.decode(options.prompt + step));
    }
    const TimePoint end = clock.now();
    if (run == 0) continue;  // caches, page faults, clock frequency
    prefill.push_back(static_cast<double>(options.prompt) / seconds_between(start, prefilled));
    decode.push_back(static_cast<double>(options.generate * options.batch) / seconds_between(decode_start, end));
  }
  return SpeedReport{spread_of(std::move(prefill)), spread_of(std::move(decode))};
}

}  // namespace sixfold::optimize
