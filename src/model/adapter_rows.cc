// Rows of one adapter are multiplied together, gathered when they are not neighbours; each target then reads a list of
// pointers, so the results need not go back to where their rows are.
#include "model/adapter_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "core/check.h"
#include "core/error.h"
#include "model/row_loop.h"

namespace sixfold::model {

using kernels::MatmulTarget;

namespace {

void grow(AlignedFloats& buffer, std::size_t& size, std::size_t wanted) {
  if (wanted <= size) return;
  buffer.reset();
  size = 0;
  buffer = make_aligned_floats(wanted);
  size = wanted;
}

}  // namespace

Status AdapterRows::assign(const Batch& batch, std::span<const std::size_t> wanted_rows, const HyperParameters& p,
                           std::size_t vocabulary, const Model* owner) {
  uses_.clear();
  order_.clear();
  for (std::size_t i = 0; i < batch.adapters.size(); ++i) {
    const AdapterUse& use = batch.adapters[i];
    if (use.adapter != nullptr && use.adapter->owner() != owner) {
      return invalid_argument("batch sequence {}: its adapter was loaded for another model", i);
    }
    if (!std::isfinite(use.scale)) return invalid_argument("batch sequence {}: scale {}, want a number", i, use.scale);
  }
  const auto is_used = [](const AdapterUse& use) { return use.adapter != nullptr && use.scale != 0; };
  if (std::none_of(batch.adapters.begin(), batch.adapters.end(), is_used)) return ok();
  try {
    for (const BatchRow& row : batch.rows) {
      const bool has_one = row.sequence < batch.adapters.size() && is_used(batch.adapters[row.sequence]);
      uses_.push_back(has_one ? batch.adapters[row.sequence] : AdapterUse{});
    }
    group();
    return make_room(p, wanted_rows.size(), vocabulary);
  } catch (const std::bad_alloc&) {
    order_.clear();
    return resource_exhausted("no memory for what adapters add to {} rows", batch.rows.size());
  }
}

// Rows keep their order within an adapter; which adapter comes first does not matter to anybody's bits.
void AdapterRows::group() {
  order_.clear();
  groups_.clear();
  for (std::size_t r = 0; r < uses_.size(); ++r) {
    if (uses_[r].adapter != nullptr) order_.push_back(r);
  }
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return std::less<>()(uses_[a].adapter, uses_[b].adapter); });
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Adapter* adapter = uses_[order_[i]].adapter;
    if (groups_.empty() || groups_.back().adapter != adapter) groups_.push_back({adapter, i, 0});
    ++groups_.back().rows;
  }
}

Status AdapterRows::make_room(const HyperParameters& p, std::size_t wanted, std::size_t vocabulary) {
  const std::size_t rows = order_.size();
  std::size_t rank = 0;
  bool has_output = false;
  for (const Group& each : groups_) {
    rank = std::max(rank, each.adapter->rank_max());
    has_output = has_output || each.adapter->find(AdaptedMatrix::kOutput, 0) != nullptr;
  }
  const std::size_t layer_outputs = std::max({p.query_width() + 2 * p.kv_width(), p.width, 2 * p.feed_forward});
  const std::size_t output_values = has_output ? std::min(rows, wanted) * vocabulary : 0;
  grow(gathered_, gathered_size_, rows * std::max({p.width, p.query_width(), p.feed_forward}));
  grow(low_, low_size_, kTargetsMax * rows * rank);
  grow(values_, values_size_, std::max(rows * layer_outputs, output_values));
  for (Addends& addends : addends_) addends.of_row.reserve(uses_.size());
  return ok();
}

void AdapterRows::keep(std::span<const std::size_t> kept) {
  if (is_empty()) return;
  for (std::size_t to = 0; to < kept.size(); ++to) uses_[to] = uses_[kept[to]];
  uses_.resize(kept.size());
  group();
}

// The group's rows of x become the inputs: where they are, if they follow each other.
void AdapterRows::assign_inputs(const Group& group, const RowBuffer& x, std::size_t cols) {
  const std::size_t* rows = order_.data() + group.first;
  if (rows[group.rows - 1] - rows[0] == group.rows - 1) {
    return inputs_.assign(x.row(rows[0]), group.rows, cols, x.stride());
  }
  for_rows(pool_, group.rows, cols,
           [&](std::size_t i) { std::memcpy(gathered_.get() + i * cols, x.row(rows[i]), cols * sizeof(float)); });
  inputs_.assign(gathered_.get(), group.rows, cols, cols);
}

void AdapterRows::add_to(std::span<const Target> targets, std::size_t layer, const RowBuffer& x, std::size_t cols) {
  if (is_empty()) return;
  SIXFOLD_CHECK(targets.size() <= kTargetsMax);
  float* values = values_.get();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    addends_[i].of_row.assign(uses_.size(), nullptr);
    addends_[i].values = values;
    addends_[i].is_used = false;
    const MatmulTarget& target = targets[i].target;
    values += order_.size() * target.weights->rows();
  }
  for (const Group& group : groups_) {
    assign_inputs(group, x, cols);
    add_group(group, targets, layer);
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!addends_[i].is_used) continue;
    MatmulTarget& target = targets[i].target;
    (targets[i].is_gate ? target.gate_addends : target.addends) = addends_[i].of_row.data();
  }
}

// A x of all targets in one region, then B of each.
void AdapterRows::add_group(const Group& group, std::span<const Target> targets, std::size_t layer) {
  MatmulTarget downs[kTargetsMax];
  const LowRank* changes[kTargetsMax] = {};
  std::size_t count = 0;
  float* low = low_.get();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const AdaptedMatrix matrix = targets[i].matrix;
    changes[i] = group.adapter->find(matrix, matrix == AdaptedMatrix::kOutput ? 0 : layer);
    if (changes[i] == nullptr) continue;
    const std::size_t rank = changes[i]->a.rows();
    downs[count++] = {.weights = &changes[i]->a, .out = low, .out_stride = rank};
    low += group.rows * rank;
  }
  kernels::matmul(pool_, inputs_, {downs, count});
  count = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (changes[i] != nullptr) multiply_up(group, *changes[i], downs[count++].out, addends_[i]);
  }
}

// values = B (scale * low).  low: [rows of the group, rank].
void AdapterRows::multiply_up(const Group& group, const LowRank& change, float* low, Addends& addends) {
  const std::size_t rank = change.a.rows();
  const std::size_t outputs = change.b.rows();
  float* values = addends.values + group.first * outputs;
  for (std::size_t i = 0; i < group.rows; ++i) {
    const std::size_t row = order_[group.first + i];
    const float scale = change.scale * uses_[row].scale;
    for (std::size_t k = 0; k < rank; ++k) low[i * rank + k] *= scale;
    addends.of_row[row] = values + i * outputs;
  }
  addends.is_used = true;
  low_inputs_.assign(low, group.rows, rank, rank);
  kernels::matmul(pool_, low_inputs_, change.b, values, outputs);
}

}  // namespace sixfold::model
