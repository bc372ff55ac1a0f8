// From pairs of tensors, BASE.lora_a and BASE.lora_b, to changes of the model's matrices.  Keys and names are those
// that llama.cpp's converter writes; adapter.lora.scale.BASE is ours, for adapters whose scales differ
// (formats/adapter.h).
#include "model/adapter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "kernels/worker_pool.h"

namespace sixfold::model {
namespace {

using kernels::PackedMatrix;
using kernels::RopePairing;

constexpr std::string_view kLowEnding = ".lora_a";
constexpr std::string_view kHighEnding = ".lora_b";

// A tensor's part of the name between "blk.N." and ".weight", and the matrices that lie in it one below the other.
struct NamedMatrices {
  std::string_view name;
  std::array<AdaptedMatrix, 3> matrices;
  std::size_t count;
};

constexpr NamedMatrices kLayerMatrices[] = {
    {"attn_q", {AdaptedMatrix::kQuery}, 1},
    {"attn_k", {AdaptedMatrix::kKey}, 1},
    {"attn_v", {AdaptedMatrix::kValue}, 1},
    {"attn_qkv", {AdaptedMatrix::kQuery, AdaptedMatrix::kKey, AdaptedMatrix::kValue}, 3},
    {"attn_output", {AdaptedMatrix::kAttentionOutput}, 1},
    {"ffn_gate", {AdaptedMatrix::kGate}, 1},
    {"ffn_up", {AdaptedMatrix::kUp}, 1},
    {"ffn_down", {AdaptedMatrix::kDown}, 1},
};
constexpr NamedMatrices kFusedUp = {"ffn_up", {AdaptedMatrix::kGate, AdaptedMatrix::kUp}, 2};
constexpr NamedMatrices kOutputMatrix = {"output", {AdaptedMatrix::kOutput}, 1};

// What an adapter's tensors are named after.
struct Place {
  NamedMatrices matrices;
  std::size_t layer = 0;
};

bool is_feed_forward(AdaptedMatrix matrix) {
  return matrix == AdaptedMatrix::kGate || matrix == AdaptedMatrix::kUp || matrix == AdaptedMatrix::kDown;
}

// Rows of queries or keys from the order in which halves of a head rotate to that in which neighbours do, or back.
// from: [heads * head_dim] rows of `bytes`.
std::vector<std::byte> reordered_rows(std::span<const std::byte> from, std::size_t head_dim, std::size_t bytes,
                                      RopePairing wanted) {
  std::vector<std::byte> to(from.size());
  const std::size_t half = head_dim / 2;
  for (std::size_t row = 0; row < from.size() / bytes; ++row) {
    const std::size_t head = row / head_dim * head_dim;
    const std::size_t in_halves = row % head_dim;
    const std::size_t in_pairs = in_halves < half ? 2 * in_halves : 2 * (in_halves - half) + 1;
    const std::size_t source = head + (wanted == RopePairing::kInterleaved ? in_halves : in_pairs);
    const std::size_t target = head + (wanted == RopePairing::kInterleaved ? in_pairs : in_halves);
    std::memcpy(to.data() + target * bytes, from.data() + source * bytes, bytes);
  }
  return to;
}

}  // namespace

MatrixShape shape_of(AdaptedMatrix matrix, const HyperParameters& p, std::size_t vocabulary) {
  switch (matrix) {
    case AdaptedMatrix::kQuery:
      return {p.query_width(), p.width};
    case AdaptedMatrix::kKey:
    case AdaptedMatrix::kValue:
      return {p.kv_width(), p.width};
    case AdaptedMatrix::kAttentionOutput:
      return {p.width, p.query_width()};
    case AdaptedMatrix::kGate:
    case AdaptedMatrix::kUp:
      return {p.feed_forward, p.width};
    case AdaptedMatrix::kDown:
      return {p.width, p.feed_forward};
    case AdaptedMatrix::kOutput:
      break;
  }
  return {vocabulary, p.width};
}

// Used once.
class AdapterLoader {
 public:
  AdapterLoader(const formats::Checkpoint& checkpoint, const AdapterBase& base)
      : checkpoint_(checkpoint), base_(base), pool_(1) {}

  Result<std::shared_ptr<const Adapter>> load();

 private:
  Status check_kind() const;
  Status read_order();
  Result<Place> place_of(const TensorView& tensor, std::string_view base_name) const;
  Status add(const TensorView& low, std::string_view base_name);
  Result<float> scale_of(std::string_view base_name, std::size_t rank) const;
  Status check_shapes(const TensorView& low, const TensorView& high, const Place& place) const;
  Status add_change(const TensorView& low, TensorView high, float scale, AdaptedMatrix matrix, std::size_t layer);

  template <class... Args>
  Error refused(const TensorView& tensor, fmt::format_string<Args...> format, Args&&... args) const {
    return invalid_argument("{}: tensor {}: {}", checkpoint_.path(), formats::shown_text(tensor.name),
                            fmt::format(format, std::forward<Args>(args)...));
  }

  const formats::Checkpoint& checkpoint_;
  const AdapterBase& base_;
  kernels::WorkerPool pool_;  // of this thread alone: the model's belongs to the engine
  bool is_reordered_ = false;
  Adapter adapter_;
};

Status AdapterLoader::check_kind() const {
  const auto expect = [&](std::string_view key, std::string_view want) -> Status {
    SIXFOLD_TRY(const std::string_view got, checkpoint_.string_or(key, ""));
    if (got == want) return ok();
    return invalid_argument("{}: {}: {}, want \"{}\"", checkpoint_.path(), key,
                            got.empty() ? "missing" : formats::shown_text(got), want);
  };
  SIXFOLD_TRY_STATUS(expect("general.type", "adapter"));
  SIXFOLD_TRY_STATUS(expect("adapter.type", "lora"));
  SIXFOLD_TRY_STATUS(expect("general.architecture", base_.architecture));
  constexpr std::string_view kInvocation = "adapter.alora.invocation_tokens";
  if (checkpoint_.find(kInvocation) == nullptr) return ok();
  return invalid_argument("{}: {}: adapters that some tokens switch on are not supported, want none",
                          checkpoint_.path(), kInvocation);
}

// Whether the adapter has queries and keys in another order than the model (see rope_parameters.cc).
Status AdapterLoader::read_order() {
  const std::string key = std::string(base_.architecture) + ".rope.pairing";
  SIXFOLD_TRY(const std::string_view pairing, checkpoint_.string_or(key, ""));
  if (!pairing.empty() && pairing != "halves") {
    return invalid_argument("{}: {}: {}, want halves", checkpoint_.path(), key, formats::shown_text(pairing));
  }
  if (base_.traits.has_learned_positions) return ok();
  const RopePairing own = pairing.empty() ? base_.traits.rope_pairing : RopePairing::kHalves;
  const RopeParameters& rope = base_.parameters.rope;
  is_reordered_ = own != rope.pairing;
  if (is_reordered_ && rope.dimensions != base_.parameters.head_dim) {
    return invalid_argument(
        "{}: {}: the model rotates {} of {} elements of a head, want all for an adapter of another order",
        checkpoint_.path(), key, rope.dimensions, base_.parameters.head_dim);
  }
  return ok();
}

Result<Place> AdapterLoader::place_of(const TensorView& tensor, std::string_view base_name) const {
  if (base_name == "output.weight") return Place{.matrices = kOutputMatrix};
  std::string_view name = base_name;
  Place place;
  const auto found = [&]() -> const NamedMatrices* {
    if (!name.starts_with("blk.") || !name.ends_with(".weight")) return nullptr;
    name.remove_prefix(4);
    name.remove_suffix(7);
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), place.layer);
    const auto digits = static_cast<std::size_t>(end - name.data());
    if (error != std::errc() || digits == name.size() || *end != '.') return nullptr;
    name.remove_prefix(digits + 1);
    const auto* row = std::find_if(std::begin(kLayerMatrices), std::end(kLayerMatrices),
                                   [&](const NamedMatrices& each) { return each.name == name; });
    return row == std::end(kLayerMatrices) ? nullptr : row;
  }();
  if (found == nullptr) {
    return refused(tensor, "adapters of this part are not supported, want attention, feed-forward or output matrices");
  }
  if (place.layer >= base_.parameters.layers) {
    return refused(tensor, "layer {}, want less than the model's {}", place.layer, base_.parameters.layers);
  }
  const bool is_fused = base_.traits.feed_forward == FeedForwardKind::kFusedGated && name == kFusedUp.name;
  place.matrices = is_fused ? kFusedUp : *found;
  const AdaptedMatrix first = place.matrices.matrices[0];
  if (is_feed_forward(first) && base_.parameters.experts != 0) {
    return refused(tensor, "the model has {} experts, whose adapters are not supported", base_.parameters.experts);
  }
  const bool has_gate = base_.traits.feed_forward == FeedForwardKind::kGated;
  if (first == AdaptedMatrix::kGate && !is_fused && !has_gate) {
    return refused(tensor, "the model has no such matrix");
  }
  return place;
}

Status AdapterLoader::check_shapes(const TensorView& low, const TensorView& high, const Place& place) const {
  const HyperParameters& p = base_.parameters;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < place.matrices.count; ++i) {
    rows += shape_of(place.matrices.matrices[i], p, base_.vocabulary).rows;
  }
  const std::size_t cols = shape_of(place.matrices.matrices[0], p, base_.vocabulary).cols;
  if (low.shape.rank != 2 || low.shape[1] != cols || low.shape[0] < 1 || low.shape[0] > limits::kAdapterRankMax) {
    return corrupt_data("{}: tensor {}: shape {}, want [1 to {}, {}] for this model", checkpoint_.path(), low.name,
                        to_string(low.shape), limits::kAdapterRankMax, cols);
  }
  const Shape wanted{.dims = {rows, low.shape[0]}, .rank = 2};
  if (high.shape == wanted) return ok();
  return corrupt_data("{}: tensor {}: shape {}, want {} for this model", checkpoint_.path(), high.name,
                      to_string(high.shape), to_string(wanted));
}

Result<float> AdapterLoader::scale_of(std::string_view base_name, std::size_t rank) const {
  const auto in_range = [&](std::string_view key, double value) -> Result<double> {
    constexpr double kScaleMax = 1e6;
    if (std::isfinite(value) && std::abs(value) <= kScaleMax) return value;
    return corrupt_data("{}: {}: {}, want a number up to {}", checkpoint_.path(), key, value, kScaleMax);
  };
  const std::string own_key = "adapter.lora.scale." + std::string(base_name);
  if (checkpoint_.find(own_key) != nullptr) {
    SIXFOLD_TRY(const double own, checkpoint_.number(own_key));
    SIXFOLD_TRY(const double scale, in_range(own_key, own));
    return static_cast<float>(scale);
  }
  constexpr std::string_view kAlphaKey = "adapter.lora.alpha";
  SIXFOLD_TRY(const double stored, checkpoint_.number_or(kAlphaKey, 0));
  SIXFOLD_TRY(const double alpha, in_range(kAlphaKey, stored));
  // Without one, as llama.cpp reads it, products are taken as they are.
  return alpha == 0 ? 1.0F : static_cast<float>(alpha / static_cast<double>(rank));
}

Status AdapterLoader::add_change(const TensorView& low, TensorView high, float scale, AdaptedMatrix matrix,
                                 std::size_t layer) {
  auto& change = adapter_.changes_[layer * kAdaptedMatrixCount + static_cast<std::size_t>(matrix)];
  if (change) return refused(low, "another tensor changes the same matrix, want one");
  std::vector<std::byte> rows;
  if (is_reordered_ && (matrix == AdaptedMatrix::kQuery || matrix == AdaptedMatrix::kKey)) {
    const RopeParameters& rope = base_.parameters.rope;
    rows = reordered_rows(high.bytes, rope.dimensions, row_bytes(high.dtype, high.shape[1]), rope.pairing);
    high.bytes = rows;
  }
  auto a = PackedMatrix::pack(low, pool_);
  if (!a.is_ok()) return with_context(std::move(a).error(), checkpoint_.path() + ": tensor " + low.name);
  auto b = PackedMatrix::pack(high, pool_);
  if (!b.is_ok()) return with_context(std::move(b).error(), checkpoint_.path() + ": tensor " + high.name);
  adapter_.bytes_ += a->bytes() + b->bytes();
  adapter_.rank_max_ = std::max(adapter_.rank_max_, a->rows());
  change = LowRank{.a = std::move(a).value(), .b = std::move(b).value(), .scale = scale};
  return ok();
}

Status AdapterLoader::add(const TensorView& low, std::string_view base_name) {
  SIXFOLD_TRY(const Place place, place_of(low, base_name));
  const TensorView* high = checkpoint_.find_tensor(std::string(base_name) + std::string(kHighEnding));
  if (high == nullptr) {
    return corrupt_data("{}: tensor {}{}: missing, want it beside {}", checkpoint_.path(), base_name, kHighEnding,
                        low.name);
  }
  SIXFOLD_TRY_STATUS(check_shapes(low, *high, place));
  const std::size_t rank = low.shape[0];
  SIXFOLD_TRY(const float scale, scale_of(base_name, rank));
  std::size_t first = 0;
  for (std::size_t i = 0; i < place.matrices.count; ++i) {
    const AdaptedMatrix matrix = place.matrices.matrices[i];
    const std::size_t rows = shape_of(matrix, base_.parameters, base_.vocabulary).rows;
    const std::size_t bytes = row_bytes(high->dtype, rank);
    TensorView part = *high;
    part.shape.dims[0] = rows;
    part.bytes = high->bytes.subspan(first * bytes, rows * bytes);
    SIXFOLD_TRY_STATUS(add_change(low, std::move(part), scale, matrix, place.layer));
    first += rows;
  }
  return ok();
}

Result<std::shared_ptr<const Adapter>> AdapterLoader::load() {
  SIXFOLD_TRY_STATUS(check_kind());
  SIXFOLD_TRY_STATUS(read_order());
  adapter_.owner_ = base_.owner;
  adapter_.changes_.resize(base_.parameters.layers * kAdaptedMatrixCount);
  for (const TensorView& tensor : checkpoint_.tensors()) {
    const std::string_view name = tensor.name;
    if (name.ends_with(kLowEnding)) {
      SIXFOLD_TRY_STATUS(add(tensor, name.substr(0, name.size() - kLowEnding.size())));
      continue;
    }
    const std::string_view base_name = name.substr(0, name.size() - std::min(name.size(), kHighEnding.size()));
    const bool is_half = name.ends_with(kHighEnding) &&
                         checkpoint_.find_tensor(std::string(base_name) + std::string(kLowEnding)) != nullptr;
    if (!is_half) return refused(tensor, "want pairs of {} and {}", kLowEnding, kHighEnding);
  }
  if (adapter_.rank_max_ == 0) return corrupt_data("{}: want pairs of tensors, got none", checkpoint_.path());
  return std::shared_ptr<const Adapter>(std::make_shared<Adapter>(std::move(adapter_)));
}

Result<std::shared_ptr<const Adapter>> load_adapter(const formats::Checkpoint& checkpoint, const AdapterBase& base) {
  try {
    return AdapterLoader(checkpoint, base).load();
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for the adapter", checkpoint.path());
  }
}

}  // namespace sixfold::model
