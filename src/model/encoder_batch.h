// Texts, checked, and laid out end to end as the rows of one forward pass.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "kernels/attention.h"
#include "model/encoder.h"

namespace sixfold::model {

struct EncoderLimits {
  std::size_t rows = 0;     // of one pass; a multiple of kEncoderRowStep, at least `context`
  std::size_t context = 0;  // tokens of one text
  std::size_t vocabulary = 0;
  std::size_t classes = 0;
  std::size_t width = 0;
};

// Errors: invalid_argument, naming text and token, got and wanted.
Status check_texts(std::span<const EncoderText> texts, const EncoderLimits& limits);

// The same for everything that encode is given.
Status check_encode(std::span<const EncoderText> texts, EncoderOutput output, std::size_t out_size,
                    const EncoderLimits& limits);

// Kept between passes so that its buffers are; owned by the encoder's thread.
class EncoderBatch {
 public:
  explicit EncoderBatch(const EncoderLimits& limits);

  // Lays out as many of the checked texts as fit, at least one; returns how many.
  std::size_t assign(std::span<const EncoderText> texts);

  // A row's sequence is the number of its text.
  std::span<const BatchRow> rows() const { return rows_; }
  // Whether the row belongs to a pair's second text.
  bool is_second(std::size_t row) const { return is_second_[row]; }
  std::size_t positions_end() const { return positions_end_; }  // one past the latest position
  // One per text; pages are those of a cache of pages() pages of kEncoderRowStep tokens.
  std::span<const kernels::AttentionSpan> spans() const { return spans_; }
  std::size_t pages() const { return page_ids_.size(); }

 private:
  std::vector<std::uint32_t> page_ids_;  // 0, 1, 2 ...
  std::vector<BatchRow> rows_;
  std::vector<bool> is_second_;
  std::size_t positions_end_ = 0;
  std::vector<kernels::AttentionSpan> spans_;
};

}  // namespace sixfold::model
