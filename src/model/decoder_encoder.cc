// Texts become sequences that are fed once, and of which only states are asked for.
#include "model/decoder_encoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "model/encoder_batch.h"
#include "model/pooling.h"

namespace sixfold::model {
namespace {

constexpr std::size_t kContextMax = 8192;  // unless asked for more

class DecoderEncoder final : public Encoder {
 public:
  DecoderEncoder(std::unique_ptr<Model> model, EncoderOutput output, const EncoderLimits& limits, KvPages kv)
      : model_(std::move(model)), limits_(limits), kv_(std::move(kv)), batch_(limits) {
    description_.model = model_->description();
    description_.model.context_max = limits.context;
    description_.output = output;
  }

  const EncoderDescription& description() const override { return description_; }
  std::size_t rows_max() const override { return limits_.rows; }

  Status encode(std::span<const EncoderText> texts, EncoderOutput output, std::span<float> out) override {
    SIXFOLD_TRY_STATUS(check_encode(texts, output, out.size(), limits_));
    float* next = out.data();
    while (!texts.empty()) {
      const std::size_t count = batch_.assign(texts);
      SIXFOLD_TRY_STATUS(feed(output));
      next = write(output, next);
      texts = texts.subspan(count);
    }
    return ok();
  }

 private:
  // Whether the row's state is part of the output.
  static bool is_wanted(EncoderOutput output, std::size_t row, std::size_t rows) {
    if (output == EncoderOutput::kFirst) return row == 0;
    return output != EncoderOutput::kLast || row + 1 == rows;
  }

  // Computes the states of the batch's rows, as many at once as the model takes.
  Status feed(EncoderOutput output) {
    rows_.assign(batch_.rows().begin(), batch_.rows().end());
    pages_.clear();
    for (const kernels::AttentionSpan& span : batch_.spans()) {
      pages_.push_back(span.pages);
      for (std::size_t i = 0; i < span.rows; ++i)
        rows_[span.first_row + i].wants_logits = is_wanted(output, i, span.rows);
    }
    states_.clear();
    std::span<const BatchRow> rows = rows_;
    while (!rows.empty()) {
      const auto piece = rows.first(std::min(rows.size(), model_->rows_max()));
      const auto wanted = static_cast<std::size_t>(
          std::count_if(piece.begin(), piece.end(), [](const BatchRow& row) { return row.wants_logits; }));
      const std::size_t before = states_.size();
      states_.resize(before + wanted * limits_.width);
      const Batch batch{.rows = piece, .pages = pages_, .output = RowOutput::kState};
      SIXFOLD_TRY_STATUS(model_->forward(batch, kv_, std::span(states_).subspan(before)));
      rows = rows.subspan(piece.size());
    }
    return ok();
  }

  // Returns where the next pass goes on.
  float* write(EncoderOutput output, float* out) {
    if (output != EncoderOutput::kMean) return std::copy(states_.begin(), states_.end(), out);
    const float* states = states_.data();
    for (const kernels::AttentionSpan& span : batch_.spans()) {
      pool(output, {.data = states, .stride = limits_.width, .count = span.rows}, limits_.width, out);
      states += span.rows * limits_.width;
      out += limits_.width;
    }
    return out;
  }

  const std::unique_ptr<Model> model_;
  EncoderDescription description_;  // constant after construction
  const EncoderLimits limits_;

  // Owned by the encoder's thread.
  KvPages kv_;
  EncoderBatch batch_;
  std::vector<BatchRow> rows_;
  std::vector<std::span<const PageId>> pages_;
  std::vector<float> states_;  // [wanted rows, width]
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_decoder_encoder(std::unique_ptr<Model> model, EncoderOutput output,
                                                      std::size_t context) {
  const ModelDescription& description = model->description();
  const std::size_t context_used =
      context == 0 ? std::min(description.context_max, kContextMax) : std::min(description.context_max, context);
  const std::size_t rows =
      (std::max(model->rows_max(), context_used) + kEncoderRowStep - 1) / kEncoderRowStep * kEncoderRowStep;
  KvShape shape = model->kv_shape(kernels::KvDType::kI16);
  shape.page_tokens = kEncoderRowStep;
  SIXFOLD_TRY(KvPages kv, KvPages::allocate(shape, rows / kEncoderRowStep));
  const EncoderLimits limits{.rows = rows,
                             .context = context_used,
                             .vocabulary = description.vocabulary,
                             .classes = 0,
                             .width = description.width};
  return std::unique_ptr<Encoder>(std::make_unique<DecoderEncoder>(std::move(model), output, limits, std::move(kv)));
}

}  // namespace sixfold::model
