// A LoRA adapter: low-rank changes of a decoder's matrices, y = W x + scale * B A x.  Source: arXiv:2106.09685.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/packed_matrix.h"
#include "model/decoder_traits.h"
#include "model/hyper_parameters.h"

namespace sixfold::model {

class Model;  // model/model.h

// The matrices of a decoder that an adapter may change, one by one: fused ones count as their parts.
enum class AdaptedMatrix { kQuery, kKey, kValue, kAttentionOutput, kGate, kUp, kDown, kOutput };
inline constexpr std::size_t kAdaptedMatrixCount = 8;

struct LowRank {
  kernels::PackedMatrix a;  // [rank, inputs]
  kernels::PackedMatrix b;  // [outputs, rank]
  float scale = 0;          // alpha / rank, for most
};

// Immutable; thread-safe.
class Adapter {
 public:
  // The change of a layer's matrix; null when there is none.  The output's is that of layer 0.
  const LowRank* find(AdaptedMatrix matrix, std::size_t layer) const {
    const auto& change = changes_[layer * kAdaptedMatrixCount + static_cast<std::size_t>(matrix)];
    return change ? &*change : nullptr;
  }

  std::size_t bytes() const { return bytes_; }        // of all matrices, as packed
  std::size_t rank_max() const { return rank_max_; }  // of any change
  const Model* owner() const { return owner_; }       // that it was loaded for

 private:
  friend class AdapterLoader;
  Adapter() = default;

  std::vector<std::optional<LowRank>> changes_;  // [layers, kAdaptedMatrixCount]
  std::size_t bytes_ = 0;
  std::size_t rank_max_ = 0;
  const Model* owner_ = nullptr;
};

// The decoder that an adapter is loaded for.
struct AdapterBase {
  std::string_view architecture;
  const HyperParameters& parameters;
  const DecoderTraits& traits;
  std::size_t vocabulary = 0;
  const Model* owner = nullptr;
};

// Outputs and inputs of a decoder's matrix.
struct MatrixShape {
  std::size_t rows = 0;
  std::size_t cols = 0;
};
MatrixShape shape_of(AdaptedMatrix matrix, const HyperParameters& parameters, std::size_t vocabulary);

// Packs all of them; the checkpoint (formats/adapter.h) may go away afterwards.  Thread-safe.
// Errors: invalid_argument (not a LoRA adapter, or one of another architecture; a tensor that changes something else
// than the matrices above, or a layer that the model lacks), corrupt_data (half of a pair, a shape that does not fit
// the model's matrix, a scale that is no number), resource_exhausted.
Result<std::shared_ptr<const Adapter>> load_adapter(const formats::Checkpoint& checkpoint, const AdapterBase& base);

}  // namespace sixfold::model
