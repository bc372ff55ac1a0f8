// A mixture of SwiGLU experts: each row goes to the few experts that its router prefers.
// Source: arXiv:2401.04088 (Mixtral), arXiv:2407.10671 (Qwen 2, whose shared expert every row uses besides),
// arXiv:2505.09388 (Qwen 3); reference implementation: llama.cpp.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "kernels/matmul.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"
#include "model/hyper_parameters.h"
#include "model/row_buffer.h"
#include "model/weight_reader.h"

namespace sixfold::model {

struct SharedExpertWeights {
  std::vector<float> share;        // [width]; a row's share is sigmoid(share . row)
  kernels::PackedMatrix gate, up;  // [shared feed_forward, width]
  kernels::PackedMatrix down;      // [width, shared feed_forward]
};

struct MixtureWeights {
  kernels::PackedMatrix router;             // [experts, width]
  std::vector<kernels::PackedMatrix> gate;  // experts of [feed_forward, width]
  std::vector<kernels::PackedMatrix> up;    // experts of [feed_forward, width]
  std::vector<kernels::PackedMatrix> down;  // experts of [width, feed_forward]
  std::optional<SharedExpertWeights> shared;
};

Result<MixtureWeights> load_mixture(WeightReader& reader, const std::string& prefix, const HyperParameters& parameters);

// Scratch for rows_max rows, shared by all layers.  Owned by the engine thread.
class Mixture {
 public:
  // Throws std::bad_alloc.  pool must outlive the object.
  Mixture(kernels::WorkerPool& pool, const HyperParameters& parameters, std::size_t rows_max);

  // delta = sum over the chosen experts, and the shared one, of share * W_down (silu(W_gate normed) * W_up normed).
  // normed, delta: [rows, width].  A row's bits do not depend on the other rows.
  void compute(const MixtureWeights& weights, const RowBuffer& normed, std::size_t rows, const RowBuffer& delta);

 private:
  struct Choice {
    std::size_t expert = 0;
    float share = 0;
  };
  struct Expert {
    const kernels::PackedMatrix& gate;
    const kernels::PackedMatrix& up;
    const kernels::PackedMatrix& down;
  };
  struct Member {
    std::size_t row = 0;
    float share = 0;
  };

  void choose(const float* scores, Choice* choices) const;
  void add_expert(const MixtureWeights& weights, std::size_t expert, const RowBuffer& normed, std::size_t rows,
                  const RowBuffer& delta);
  void add_shared(const SharedExpertWeights& weights, const RowBuffer& normed, std::size_t rows,
                  const RowBuffer& delta);
  void run_expert(const Expert& expert, const RowBuffer& input, std::size_t rows);
  void add_share(float share, float* result, float* delta) const;

  // Constant after construction.
  kernels::WorkerPool& pool_;
  std::size_t width_;
  std::size_t experts_;
  std::size_t used_;  // experts per row
  bool renormalizes_shares_;

  kernels::Activations activations_;
  RowBuffer scores_;             // [rows, experts]
  RowBuffer gathered_;           // [rows of one expert, width]
  RowBuffer hidden_;             // [rows of one expert, feed_forward], or the shared one's feed_forward
  RowBuffer result_;             // [rows of one expert, width]
  std::vector<Choice> choices_;  // [rows, used]
  std::vector<Member> chosen_;   // the rows of one expert
};

}  // namespace sixfold::model
