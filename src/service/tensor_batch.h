// Requests of several clients in one run of a model, each row a row of somebody's.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "service/tensors.h"

namespace sixfold::service {

// What one client wants to have computed.
struct TensorJob {
  std::vector<HostTensor> inputs;    // in the order of the signature
  std::vector<std::string> outputs;  // as in TensorRequest
  std::stop_token stop = {};

  std::size_t rows() const { return count_rows(inputs); }
};

// True when rows of several requests may stand below each other: every input and output has a first dimension of any
// length.  Whether the rows are independent is the word of whoever asks for batches: a graph could mix them.
bool can_join_rows(const TensorSignature& signature);

struct JointAnswers {
  std::vector<Result<TensorAnswer>> answers;  // one for each job
  std::size_t runs = 0;                       // of the model
  // An output came without a row for each row of the inputs.  Its jobs were computed one by one after that.
  std::string output_without_rows = {};
};

// Computes all jobs in as few runs as their shapes and wanted outputs allow, none of more than rows_max rows unless one
// job has more.  A job that does not fit the model, or spoils a run, fails alone.
JointAnswers run_jobs(const TensorModel& model, std::span<const TensorJob> jobs, std::size_t rows_max);

}  // namespace sixfold::service
