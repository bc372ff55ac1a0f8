// A language model that can be run: tokens in, logits out.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/worker_pool.h"
#include "model/kv_pages.h"
#include "model/weight_cache.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::model {

using tokenizer::TokenId;

// What some weight matrices cost a forward call at the least.
struct MatrixWork {
  std::uint64_t bytes = 0;  // as packed; read once a call
  // By the arithmetic that multiplies them; each is a product and a sum for every row.
  std::uint64_t int8_weights = 0;
  std::uint64_t int16_weights = 0;
  std::uint64_t bf16_weights = 0;
  std::uint64_t f32_weights = 0;
};

struct ModelDescription {
  std::string name;          // general.name, or the file's stem
  std::string architecture;  // "llama"
  std::string weights;       // the most common matrix type, "Q8_0"
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;  // in the file
  std::size_t vocabulary = 0;
  std::size_t context_max = 0;  // tokens the model was made for
  std::size_t layers = 0;
  std::size_t width = 0;
  MatrixWork layer_work;            // of every row
  MatrixWork output_work;           // of rows that want logits
  MatrixWork expert_work;           // of all experts
  double expert_share_a_row = 0;    // of them, that one row uses
  std::size_t attention_width = 0;  // query heads times head_dim, summed over the layers without a window
  bool is_from_cache = false;       // mapped, as an earlier start packed it
};

// One input token.  Rows of one sequence stand together, in rising consecutive positions.
struct BatchRow {
  TokenId token = 0;
  std::uint32_t position = 0;
  std::uint32_t sequence = 0;  // index into Batch::pages
  bool wants_logits = false;
};

class Adapter;  // model/adapter.h

// The adapter of a sequence.  A scale of 0 is as none.
struct AdapterUse {
  const Adapter* adapter = nullptr;
  float scale = 1;
};

// What forward writes for every row with wants_logits.
enum class RowOutput {
  kLogits,  // [vocabulary]
  kState,   // [width]: what the logits would be made of, the normed state behind the last layer
};

struct Batch {
  std::span<const BatchRow> rows;
  // Per sequence: the page of positions [i * page_tokens, (i+1) * page_tokens); covers every position of its rows.
  std::span<const std::span<const PageId>> pages;
  // Per sequence; those beyond its end have none.
  std::span<const AdapterUse> adapters = {};
  RowOutput output = RowOutput::kLogits;
};

// Immutable weights plus scratch buffers; one thread (the engine's) at a time.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelDescription& description() const = 0;

  // The cache this model needs.
  virtual KvShape kv_shape(kernels::KvDType dtype) const = 0;

  // Rows in one forward call at most; scratch memory is sized for it.
  virtual std::size_t rows_max() const = 0;

  // Computes all rows, appends their keys and values to the pages.
  // logits: [number of rows with wants_logits, vocabulary] f32, in row order; or states, as batch.output says.
  // A row's logits do not depend on the other rows of the batch beyond its own sequence: same bits alone or among
  // others. Errors: invalid_argument (token or position out of range, missing page, an adapter of another model),
  // resource_exhausted (no memory for what adapters add): nothing was computed then.
  virtual Status forward(const Batch& batch, KvPages& kv, std::span<float> logits) = 0;

  // Packs an adapter for this model; may run on any thread, also during forward.  The checkpoint is one of
  // formats::open_adapter, and may go away afterwards.  Errors: as adapter.h's, and invalid_argument for a model that
  // takes none.
  virtual Result<std::shared_ptr<const Adapter>> load_adapter(const formats::Checkpoint& adapter) const;
};

struct LoadOptions {
  std::size_t rows_max = 512;
  // Tokens that a sequence will have at most; 0 = as many as the model was made for.  Models with RoPE factors for
  // short and for long contexts (Phi 3) choose by it.
  std::size_t context = 0;
  // Weights widened to f32, so that products are those of the exact values that the file defines: slow, four times the
  // memory or more, and the reference for what integer arithmetic costs.
  bool has_exact_weights = false;
  // What matrices of F32, F16 and BF16 numbers are rounded to while they are loaded (kernels/quantize.h); nothing: they
  // stay as they are stored.  Exact weights are not rounded.
  std::optional<DType> weights = {};
  WeightCacheOptions weight_cache = {};  // none
};

// Builds the model that the checkpoint's general.architecture names (arch_list.cc).  The checkpoint may be dropped
// unless the model keeps views into it, so it is handed over.  pool must outlive the model. Errors: invalid_argument
// (an architecture we do not know; lists ours), corrupt_data (missing tensor, wrong shape, impossible hyper-parameter),
// resource_exhausted.
Result<std::unique_ptr<Model>> load(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                    const LoadOptions& options);

// The vocabulary of a checkpoint (GGUF's tokenizer.* keys), validated.
Result<tokenizer::Vocabulary> read_vocabulary(const formats::Checkpoint& checkpoint);

}  // namespace sixfold::model
