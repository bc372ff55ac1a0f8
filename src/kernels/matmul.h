// y = x W^T for packed weights: the one entry for every matrix product of a model.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "kernels/activation.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"

namespace sixfold::kernels {

// One batch of input rows, in whatever forms the matrices that read it need (f32, int8 with a scale for each 32 or 256
// inputs, fixed point). Made once and shared by all matrices that read the same input (q, k, v; gate, up).  Buffers are
// kept between uses. Owned by the engine thread.
class Activations {
 public:
  Activations();
  ~Activations();
  Activations(const Activations&) = delete;
  Activations& operator=(const Activations&) = delete;

  // Borrows x: [rows, cols] f32 with `stride` elements from row to row, until the last matmul that reads it.  Forms are
  // made when first needed.
  void assign(const float* x, std::size_t rows, std::size_t cols, std::size_t stride);

  struct State;  // private to kernels/
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// One product: out: [x.rows, weights.rows] f32 with out_stride elements from row to row.
//   out = factor * activation(product + bias), or out += that if it adds
// With a gate, a matrix of the same shape, out = factor * (activation(gate x) * product + bias): SwiGLU and its like
// (arXiv:2002.05202), whose halves are never stored.
// Addends join the products of their rows, and gate_addends the gate's, before anything else: [x.rows] pointers to
// [weights.rows()] f32.  A row with a null pointer has none, nor has any row where there is no list.
struct MatmulTarget {
  const PackedMatrix* weights = nullptr;
  float* out = nullptr;
  std::size_t out_stride = 0;
  const PackedMatrix* gate = nullptr;
  Activation activation = Activation::kNone;
  const float* bias = nullptr;  // [weights.rows()]
  float factor = 1;
  bool adds = false;
  const float* const* addends = nullptr;
  const float* const* gate_addends = nullptr;
};

// Computes every target from the same input, in one parallel region.
// Row r of every output depends only on row r of x (and of out, where it adds): the same bits whatever the number of
// rows and whatever the others hold, and whatever the number of workers. Thread: engine only.  Outputs may not alias x
// or each other.
void matmul(WorkerPool& pool, Activations& x, std::span<const MatmulTarget> targets);

inline void matmul(WorkerPool& pool, Activations& x, const PackedMatrix& weights, float* out, std::size_t out_stride) {
  const MatmulTarget target{.weights = &weights, .out = out, .out_stride = out_stride};
  matmul(pool, x, {&target, 1});
}

}  // namespace sixfold::kernels
