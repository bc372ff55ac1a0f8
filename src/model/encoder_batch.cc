// Checks texts before anything is computed; gives each text pages of its own.
#include "model/encoder_batch.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace sixfold::model {
namespace {

std::size_t pages_of(const EncoderText& text) {
  return (text.tokens.size() + kEncoderRowStep - 1) / kEncoderRowStep;
}

Status check_text(const EncoderText& text, std::size_t index, const EncoderLimits& limits) {
  if (text.tokens.empty() || text.tokens.size() > limits.context) {
    return invalid_argument("text {}: {} tokens, want 1 to {}", index, text.tokens.size(), limits.context);
  }
  const auto is_known = [&](TokenId token) {
    return token >= 0 && static_cast<std::size_t>(token) < limits.vocabulary;
  };
  const auto unknown = std::find_if_not(text.tokens.begin(), text.tokens.end(), is_known);
  if (unknown != text.tokens.end()) {
    return invalid_argument("text {}: token {} is {}, want 0 to {}", index, unknown - text.tokens.begin(), *unknown,
                            limits.vocabulary - 1);
  }
  return ok();
}

}  // namespace

Status check_texts(std::span<const EncoderText> texts, const EncoderLimits& limits) {
  for (std::size_t index = 0; index < texts.size(); ++index) {
    SIXFOLD_TRY_STATUS(check_text(texts[index], index, limits));
  }
  return ok();
}

Status check_encode(std::span<const EncoderText> texts, EncoderOutput output, std::size_t out_size,
                    const EncoderLimits& limits) {
  SIXFOLD_TRY_STATUS(check_texts(texts, limits));
  if (output == EncoderOutput::kScores && limits.classes == 0) {
    return invalid_argument("scores: the model has no classification head");
  }
  std::size_t want = 0;
  for (const EncoderText& text : texts) {
    want += output == EncoderOutput::kScores   ? limits.classes
            : output == EncoderOutput::kTokens ? text.tokens.size() * limits.width
                                               : limits.width;
  }
  if (out_size != want) return invalid_argument("out: {} numbers, want {}", out_size, want);
  return ok();
}

EncoderBatch::EncoderBatch(const EncoderLimits& limits) : page_ids_(limits.rows / kEncoderRowStep) {
  std::iota(page_ids_.begin(), page_ids_.end(), 0U);
}

std::size_t EncoderBatch::assign(std::span<const EncoderText> texts) {
  rows_.clear();
  is_second_.clear();
  spans_.clear();
  positions_end_ = 0;
  std::size_t pages_used = 0;
  for (const EncoderText& text : texts) {
    const std::size_t pages = pages_of(text);
    if (pages > page_ids_.size() - pages_used) break;
    spans_.push_back({.first_row = rows_.size(),
                      .rows = text.tokens.size(),
                      .first_position = 0,
                      .pages = std::span(page_ids_).subspan(pages_used, pages)});
    pages_used += pages;
    positions_end_ = std::max(positions_end_, text.tokens.size());
    const auto number = static_cast<std::uint32_t>(spans_.size() - 1);
    for (std::size_t i = 0; i < text.tokens.size(); ++i) {
      rows_.push_back({.token = text.tokens[i], .position = static_cast<std::uint32_t>(i), .sequence = number});
      is_second_.push_back(i >= text.second_begin);
    }
  }
  return spans_.size();
}

}  // namespace sixfold::model
