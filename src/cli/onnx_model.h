// Opening of ONNX models, which are served and shown, and have no tokens.
#pragma once
#include <memory>
#include <string>

#include "cli/model_options.h"
#include "core/result.h"
#include "onnx/session.h"
#include "service/backend.h"

namespace sixfold::cli {

// threads: of one run; 0 = as many as this process may use.
Result<std::unique_ptr<onnx::Session>> open_onnx_session(const std::string& path, std::size_t threads);

struct OnnxService {
  std::unique_ptr<service::Backend> backend;
  std::size_t threads = 0;
  double load_seconds = 0;
};
struct OnnxServiceLimits {  // as in service::TensorBackendOptions
  std::size_t queue_max = 256;
  std::size_t batch_rows = 1;
};
Result<OnnxService> open_onnx_service(const ModelOptions& options, const std::string& served_name,
                                      const OnnxServiceLimits& limits);

// What `sixfold show FILE.onnx` prints.
Status show_onnx(const std::string& path);

}  // namespace sixfold::cli
