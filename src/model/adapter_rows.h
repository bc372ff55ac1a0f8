// Which rows of a batch carry an adapter, and what their adapters add to a matrix product.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/result.h"
#include "kernels/matmul.h"
#include "kernels/worker_pool.h"
#include "model/adapter.h"
#include "model/aligned_floats.h"
#include "model/model.h"
#include "model/row_buffer.h"

namespace sixfold::model {

// A row's addends depend on that row and its own adapter alone: the same bits whatever the others carry.
// Costs nothing in batches where nobody has an adapter: no scratch is made, and no product reads a list.
// Owned by the engine thread.
class AdapterRows {
 public:
  // pool must outlive the object.
  explicit AdapterRows(kernels::WorkerPool& pool) : pool_(pool) {}

  // Takes the rows of a batch whose plan was made, and makes room for whatever the calls below need.
  // Borrows the adapters until the next call.  owner: the model; parameters: its own.
  // Errors: invalid_argument (an adapter of another model, a scale that is no number), resource_exhausted; the object
  // is empty then.
  Status assign(const Batch& batch, std::span<const std::size_t> wanted_rows, const HyperParameters& parameters,
                std::size_t vocabulary, const Model* owner);

  bool is_empty() const { return order_.empty(); }

  // Only rows `kept` (rising) are left, and move together.
  void keep(std::span<const std::size_t> kept);

  // Gives each target the addends of its matrix in this layer.  x: [rows, cols], the input of all of them.  A target's
  // addends last until the next call.
  struct Target {
    kernels::MatmulTarget& target;
    AdaptedMatrix matrix;
    bool is_gate = false;  // gate_addends rather than addends
  };
  void add_to(std::span<const Target> targets, std::size_t layer, const RowBuffer& x, std::size_t cols);

 private:
  // Rows of one adapter: a stretch of order_.
  struct Group {
    const Adapter* adapter;
    std::size_t first;
    std::size_t rows;
  };
  // What one target reads.
  struct Addends {
    std::vector<const float*> of_row;  // [rows of the batch]
    float* values = nullptr;           // [rows with an adapter, outputs], in the order of order_
    bool is_used = false;
  };

  void group();
  Status make_room(const HyperParameters& p, std::size_t wanted, std::size_t vocabulary);
  void assign_inputs(const Group& group, const RowBuffer& x, std::size_t cols);
  void add_group(const Group& group, std::span<const Target> targets, std::size_t layer);
  void multiply_up(const Group& group, const LowRank& change, float* low, Addends& addends);

  static constexpr std::size_t kTargetsMax = 3;

  kernels::WorkerPool& pool_;
  std::vector<AdapterUse> uses_;    // [rows of the batch]
  std::vector<std::size_t> order_;  // rows with an adapter, those of one adapter together
  std::vector<Group> groups_;
  Addends addends_[kTargetsMax];
  kernels::Activations inputs_;
  kernels::Activations low_inputs_;
  AlignedFloats gathered_;  // [rows with an adapter, widest input]
  AlignedFloats low_;       // [targets, rows with an adapter, rank]
  AlignedFloats values_;    // the addends' values
  std::size_t gathered_size_ = 0;
  std::size_t low_size_ = 0;
  std::size_t values_size_ = 0;
};

}  // namespace sixfold::model
