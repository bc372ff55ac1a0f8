// One ONNX model, ready to run: tensors in, tensors out.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "onnx/library.h"
#include "tensor/host_tensor.h"

namespace sixfold::onnx {

// ONNX files carry no mark at their beginning, so the name tells.
bool is_onnx_path(std::string_view path);

struct SessionOptions {
  std::size_t threads = 1;  // for one run; the calling thread is one of them
};

// Thread-safe: several threads may run at once.
class Session {
 public:
  // Errors: not_found, corrupt_data (with ONNX Runtime's reason), invalid_argument (a type of input that we cannot
  // make; no output that is a tensor of a type that we can read).
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<const Library> library, const std::string& path,
                                               const SessionOptions& options);
  // The same from memory, which is not used afterwards.  name: for messages.
  static Result<std::unique_ptr<Session>> open(std::shared_ptr<const Library> library, std::span<const std::byte> bytes,
                                               const std::string& name, const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }  // tensors of types we read, and maps.h
  const std::vector<std::string>& other_outputs() const { return other_outputs_; }  // never computed
  const Library& library() const { return *library_; }

  // inputs: every one of inputs(), in that order; checked before anything runs.  wanted: names of outputs; all when
  // empty.  Results stand in the order of `wanted`.
  // Errors: invalid_argument ("input \"x\": want shape ..., got ..."; no such output; what the model itself refuses),
  // internal.
  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>& wanted = {}) const;

 private:
  explicit Session(std::shared_ptr<const Library> library) : library_(std::move(library)) {}
  Status read_signature(const std::string& name);

  const std::shared_ptr<const Library> library_;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  std::vector<std::string> other_outputs_;
};

}  // namespace sixfold::onnx
