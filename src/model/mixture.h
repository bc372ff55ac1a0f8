// A mixture of SwiGLU experts: each row goes to the few experts that its router prefers.
// Source: arXiv:2401.04088 (Mixtral), arXiv:2505.09388 (Qwen 3); reference implementation: llama.cpp.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"
#include "model/aligned_floats.h"
#include "model/hyper_parameters.h"
#include "model/weight_reader.h"

namespace sixfold::model {

struct MixtureWeights {
  kernels::PackedMatrix router;             // [experts, width]
  std::vector<kernels::PackedMatrix> gate;  // experts of [feed_forward, width]
  std::vector<kernels::PackedMatrix> up;    // experts of [feed_forward, width]
  std::vector<kernels::PackedMatrix> down;  // experts of [width, feed_forward]
};

Result<MixtureWeights> load_mixture(WeightReader& reader, const std::string& prefix, const HyperParameters& parameters);

// Scratch for rows_max rows, shared by all layers.  Owned by the engine thread.
class Mixture {
 public:
  // Throws std::bad_alloc.  pool must outlive the object.
  Mixture(kernels::WorkerPool& pool, const HyperParameters& parameters, std::size_t rows_max);

  // delta = sum over the chosen experts of share * W_down (silu(W_gate normed) * W_up normed).
  // normed, delta: [rows, width] f32.  A row's bits do not depend on the other rows.
  void compute(const MixtureWeights& weights, const float* normed, std::size_t rows, float* delta);

 private:
  struct Choice {
    std::size_t expert = 0;
    float share = 0;
  };
  struct Member {
    std::size_t row = 0;
    float share = 0;
  };

  void choose(const float* scores, Choice* choices) const;
  void add_expert(const MixtureWeights& weights, std::size_t expert, const float* normed, std::size_t rows,
                  float* delta);

  // Constant after construction.
  kernels::WorkerPool& pool_;
  std::size_t width_;
  std::size_t feed_forward_;
  std::size_t experts_;
  std::size_t used_;  // experts per row

  kernels::Activations activations_;
  AlignedFloats scores_;         // [rows, experts]
  AlignedFloats gathered_;       // [rows of one expert, width]
  AlignedFloats hidden_;         // [rows of one expert, feed_forward]
  AlignedFloats result_;         // [rows of one expert, width]
  std::vector<Choice> choices_;  // [rows, used]
  std::vector<Member> chosen_;   // the rows of one expert
};

}  // namespace sixfold::model
