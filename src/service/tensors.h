// What a model of tensors is asked and what it answers: named tensors, no JSON.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"
#include "tensor/host_tensor.h"

namespace sixfold::service {

struct TensorRequest {
  std::string id;
  std::string model;                 // empty = the only one
  std::vector<HostTensor> inputs;    // every input of the model, in any order
  std::vector<std::string> outputs;  // the names of those that are wanted; empty = all
  std::stop_token stop = {};         // nobody wants the answer any more
  // Runs a task on the thread that brought the request, after what else is ready there; it may drop tasks of requests
  // that nobody waits for any more.  Empty: there is no such thing.
  std::function<void(std::function<void()>)> run_soon = {};
};

struct TensorAnswer {
  std::vector<HostTensor> outputs;  // in the order of the request, or of the model
};

// What a model takes and gives.
struct TensorSignature {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::string runtime;  // what computes it, with its version
};

// True when the first dimension counts independent rows: it may have any length, or stands for one row.
bool has_rows(const TensorSpec& spec);
bool has_rows(const std::vector<TensorSpec>& specs);  // all of them; false for none

// How many rows inputs have, by the first of them; at least 1.
std::size_t count_rows(const std::vector<HostTensor>& inputs);

// Rows [begin, begin + count) of a tensor whose first dimension counts rows, of which it has at least one.
HostTensor rows_of(const HostTensor& tensor, std::size_t begin, std::size_t count);

// The seam to whatever computes.  Immutable; thread-safe.
class TensorModel {
 public:
  virtual ~TensorModel() = default;
  virtual const TensorSignature& signature() const = 0;
  // inputs: in the order of the signature.  outputs: as in TensorRequest.  Errors: invalid_argument (a shape or a name
  // that does not fit), internal.
  virtual Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                              const std::vector<std::string>& outputs) const = 0;
};

// As run, but inputs of a model that takes one row at a time may have any number of rows: it runs once for each, and
// the outputs are put together again.  Errors: those of run; resource_exhausted when `stop` asked for an end.
Result<std::vector<HostTensor>> run_rows(const TensorModel& model, const std::vector<HostTensor>& inputs,
                                         const std::vector<std::string>& outputs, const std::stop_token& stop);

}  // namespace sixfold::service
