// Looks up rows, and now and then gives back the memory that they have come to take.
#include "model/blocks/token_embedding.h"

#include "core/error.h"
#include "core/limits.h"
#include "kernels/vector_ops.h"
#include "model/row_loop.h"

namespace sixfold::model {

Result<TokenEmbedding> TokenEmbedding::load(WeightReader& reader, std::size_t width) {
  const std::string name = "token_embd.weight";
  // Its rows are the vocabulary; everything else about its shape is known.
  const TensorView* found = reader.checkpoint().find_tensor(name);
  const std::size_t vocabulary = found != nullptr && found->shape.rank == 2 ? found->shape[0] : 0;
  SIXFOLD_TRY(const TensorView* table, reader.table(name, vocabulary, width));
  if (vocabulary < 1 || vocabulary > limits::kVocabularyMax) {
    return corrupt_data("{}: tensor {}: {} rows, want 1 to {}", reader.path(), name, vocabulary,
                        limits::kVocabularyMax);
  }
  return TokenEmbedding(*table, reader.checkpoint().file_of(table->bytes));
}

void TokenEmbedding::look_up(kernels::WorkerPool& pool, std::span<const BatchRow> rows, float scale,
                             const RowBuffer& x) {
  // Rows stay in memory once read; in the end that would be the whole table, a fifth of a small model.
  constexpr std::size_t kRowsBetweenReleases = 1 << 14;
  rows_read_ += rows.size();
  if (rows_read_ > kRowsBetweenReleases && file_ != nullptr) {
    file_->release(table_.bytes);
    rows_read_ = 0;
  }
  const std::size_t width = table_.shape[1];
  const std::size_t bytes = row_bytes(table_.dtype, width);
  for_rows(pool, rows.size(), width, [&](std::size_t r) {
    float* row = x.row(r);
    const auto token = static_cast<std::size_t>(rows[r].token);
    kernels::dequantize(table_.dtype, table_.bytes.data() + token * bytes, width, row);
    if (scale == 1) return;
    for (std::size_t i = 0; i < width; ++i) row[i] *= scale;
  });
}

}  // namespace sixfold::model
