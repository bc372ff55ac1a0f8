// Finds ONNX Runtime, opens the model, puts a backend around it.
#include "cli/onnx_model.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "cli/terminal.h"
#include "core/clock.h"
#include "core/error.h"
#include "kernels/worker_pool.h"
#include "registry/artifact.h"
#include "service/onnx_model.h"
#include "service/tensor_backend.h"

namespace sixfold::cli {
namespace {

std::size_t bytes_of(const std::string& path) {
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(path, failure);
  return failure ? 0 : static_cast<std::size_t>(bytes);
}

void print_specs(std::string_view what, const std::vector<TensorSpec>& specs) {
  for (const TensorSpec& spec : specs) {
    fmt::print("{:<14}{}  {} {}\n", what, spec.name, element_type_info(spec.type).name,
               shown_shape(spec.shape, spec.dimension_names));
  }
}

}  // namespace

Result<std::unique_ptr<onnx::Session>> open_onnx_session(const std::string& path, std::size_t threads) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return not_found("{}: no such file", path);
  auto library = onnx::process_library();
  if (!library) return with_context(library.error(), path);
  return onnx::Session::open(*std::move(library), path,
                             {.threads = threads == 0 ? kernels::default_thread_count() : threads});
}

Result<OnnxService> open_onnx_service(const ModelOptions& options, const std::string& served_name,
                                      const OnnxServiceLimits& limits) {
  const TimePoint start = system_clock().now();
  OnnxService opened;
  opened.threads = options.threads == 0 ? kernels::default_thread_count() : options.threads;
  SIXFOLD_TRY(auto session, open_onnx_session(options.source, opened.threads));
  service::TensorBackendOptions backend_options;
  backend_options.model = served_name.empty() ? registry::short_name(options.source) : served_name;
  backend_options.file_bytes = bytes_of(options.source);
  backend_options.queue_max = limits.queue_max;
  backend_options.batch_rows = limits.batch_rows;
  opened.backend = std::make_unique<service::TensorBackend>(service::make_onnx_model(std::move(session)),
                                                            std::move(backend_options));
  opened.load_seconds = seconds_between(start, system_clock().now());
  return opened;
}

Status show_onnx(const std::string& path) {
  SIXFOLD_TRY(const auto session, open_onnx_session(path, 1));
  fmt::print("path          {}\nsize          {}\nformat        ONNX, read by ONNX Runtime {}\n", path,
             human_bytes(bytes_of(path)), session->library().version());
  print_specs("input", session->inputs());
  print_specs("output", session->outputs());
  for (const std::string& name : session->other_outputs()) fmt::print("not served    {}\n", name);
  return ok();
}

}  // namespace sixfold::cli
