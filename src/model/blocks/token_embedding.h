// The first step of a model: each token's row of the embedding table.
#pragma once
#include <cstddef>
#include <span>

#include "core/result.h"
#include "kernels/worker_pool.h"
#include "model/model.h"
#include "model/row_buffer.h"
#include "model/weight_reader.h"

namespace sixfold::model {

// Reads rows where they lie in the file: of a big table most are never needed, and then take no memory.
// Owned by the engine thread.
class TokenEmbedding {
 public:
  // Reads token_embd.weight [vocabulary, width].  The storage that the reader returns must outlive the object.
  // Errors: as WeightReader's, and corrupt_data for a vocabulary beyond the limit.
  static Result<TokenEmbedding> load(WeightReader& reader, std::size_t width);

  std::size_t vocabulary() const { return table_.shape[0]; }

  // x = scale * table[token of each row].  x: [rows, width].  Tokens must lie in the vocabulary.
  void look_up(kernels::WorkerPool& pool, std::span<const BatchRow> rows, float scale, const RowBuffer& x);

 private:
  TokenEmbedding(const TensorView& table, const FileMap* file) : table_(table), file_(file) {}

  TensorView table_;
  const FileMap* file_;        // null when it lies in none
  std::size_t rows_read_ = 0;  // since their memory was given back
};

}  // namespace sixfold::model
