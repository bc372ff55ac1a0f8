// Opens a model, reads what it takes and gives, and runs it.
#include "onnx/session.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/limits.h"
#include "core/tensor_limits.h"
#include "onnx/maps.h"
#include "onnx/values.h"

namespace sixfold::onnx {
namespace {

// Below this size, planning and pooling memory for each run cost more than they save: without them a run of a tiny
// model takes 19 us instead of 31 (on a busy machine).
constexpr std::uintmax_t kSmallModelBytes = 4u << 20;

Result<Handle<OrtSessionOptions>> make_options(const OrtApi& api, const SessionOptions& options,
                                               std::uintmax_t model_bytes) {
  OrtSessionOptions* raw = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.create_session_options(&raw)));
  Handle<OrtSessionOptions> made = own(raw, api.release_session_options);
  SIXFOLD_TRY_STATUS(take_status(api, api.set_intra_op_num_threads(raw, static_cast<int>(options.threads))));
  SIXFOLD_TRY_STATUS(take_status(api, api.set_inter_op_num_threads(raw, 1)));
  if (model_bytes < kSmallModelBytes) {
    SIXFOLD_TRY_STATUS(take_status(api, api.disable_mem_pattern(raw)));
    SIXFOLD_TRY_STATUS(take_status(api, api.disable_cpu_mem_arena(raw)));
  }
  // Its threads would otherwise spin between two requests, on cores that the server needs.
  SIXFOLD_TRY_STATUS(take_status(api, api.add_session_config_entry(raw, "session.intra_op.allow_spinning", "0")));
  return made;
}

// Nothing for what is no tensor of a type that we carry; `what` then says what it is.
Result<std::optional<TensorSpec>> read_spec(const OrtApi& api, const OrtTypeInfo* info, std::string name,
                                            std::string& what) {
  int kind = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_onnx_type_from_type_info(info, &kind)));
  if (kind != kOrtTypeTensor) {
    what = "no tensor but a sequence or map";
    return std::optional<TensorSpec>();
  }
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.cast_type_info_to_tensor_info(info, &tensor)));
  int type = 0;
  std::size_t rank = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_tensor_element_type(tensor, &type)));
  SIXFOLD_TRY_STATUS(take_status(api, api.get_dimensions_count(tensor, &rank)));
  const auto element = element_type_of(type);
  if (!element || rank > limits::kHostTensorRankMax) {
    what = element ? "a tensor of too many dimensions" : std::string(onnx_type_name(type));
    return std::optional<TensorSpec>();
  }
  TensorSpec spec{.name = std::move(name), .type = *element, .shape = TensorShape(rank), .dimension_names = {}};
  SIXFOLD_TRY_STATUS(take_status(api, api.get_dimensions(tensor, spec.shape.data(), rank)));
  std::vector<const char*> names(rank, nullptr);
  SIXFOLD_TRY_STATUS(take_status(api, api.get_symbolic_dimensions(tensor, names.data(), rank)));
  for (const char* dimension : names) spec.dimension_names.emplace_back(dimension == nullptr ? "" : dimension);
  for (std::int64_t& length : spec.shape) length = std::max<std::int64_t>(length, -1);
  return std::optional(std::move(spec));
}

using Count = OrtStatus* (*OrtApi::*)(const OrtSession*, std::size_t*);
using Name = OrtStatus* (*OrtApi::*)(const OrtSession*, std::size_t, OrtAllocator*, char**);
using Type = OrtStatus* (*OrtApi::*)(const OrtSession*, std::size_t, OrtTypeInfo**);

struct Entry {
  std::string name;
  std::optional<TensorSpec> spec;
  std::string what;  // it is, without a spec
};

// has_maps: what consists of maps counts as a tensor.
Result<std::vector<Entry>> read_entries(const OrtApi& api, const OrtSession* session, Count count, Name name, Type type,
                                        bool has_maps) {
  OrtAllocator* allocator = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_allocator_with_default_options(&allocator)));
  std::size_t number = 0;
  SIXFOLD_TRY_STATUS(take_status(api, (api.*count)(session, &number)));
  if (number > limits::kModelTensorsMax) {
    return corrupt_data("{} inputs or outputs, want at most {}", number, limits::kModelTensorsMax);
  }
  std::vector<Entry> entries(number);
  for (std::size_t i = 0; i < number; ++i) {
    char* text = nullptr;
    SIXFOLD_TRY_STATUS(take_status(api, (api.*name)(session, i, allocator, &text)));
    entries[i].name = text;
    SIXFOLD_TRY_STATUS(take_status(api, api.allocator_free(allocator, text)));
    OrtTypeInfo* raw = nullptr;
    SIXFOLD_TRY_STATUS(take_status(api, (api.*type)(session, i, &raw)));
    const Handle<OrtTypeInfo> info = own(raw, api.release_type_info);
    SIXFOLD_TRY(entries[i].spec, read_spec(api, raw, entries[i].name, entries[i].what));
    if (!entries[i].spec && has_maps) {
      SIXFOLD_TRY(entries[i].spec, map_spec(api, raw, entries[i].name));
    }
  }
  return entries;
}

}  // namespace

bool is_onnx_path(std::string_view path) {
  return path.ends_with(".onnx");
}

Session::~Session() {
  const OrtApi& api = library_->api();
  if (memory_ != nullptr) api.release_memory_info(memory_);
  if (session_ != nullptr) api.release_session(session_);
}

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<const Library> library, const std::string& path,
                                               const SessionOptions& options) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) return not_found("{}: no such file", path);
  const std::uintmax_t bytes = std::filesystem::file_size(path, failure);  // the largest number when that fails
  std::unique_ptr<Session> session(new Session(std::move(library)));
  const OrtApi& api = session->library_->api();
  SIXFOLD_TRY(const Handle<OrtSessionOptions> made, make_options(api, options, bytes));
  const Status opened = take_status(
      api, api.create_session(session->library_->environment(), path.c_str(), made.get(), &session->session_),
      ErrorCode::kCorruptData);
  if (!opened) return with_context(opened.error(), path);
  SIXFOLD_TRY_STATUS(session->read_signature(path));
  return session;
}

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<const Library> library, std::span<const std::byte> bytes,
                                               const std::string& name, const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(std::move(library)));
  const OrtApi& api = session->library_->api();
  SIXFOLD_TRY(const Handle<OrtSessionOptions> made, make_options(api, options, bytes.size()));
  const Status opened = take_status(api,
                                    api.create_session_from_array(session->library_->environment(), bytes.data(),
                                                                  bytes.size(), made.get(), &session->session_),
                                    ErrorCode::kCorruptData);
  if (!opened) return with_context(opened.error(), name);
  SIXFOLD_TRY_STATUS(session->read_signature(name));
  return session;
}

Status Session::read_signature(const std::string& name) {
  const OrtApi& api = library_->api();
  SIXFOLD_TRY_STATUS(take_status(api, api.create_cpu_memory_info(kOrtArenaAllocator, kOrtDefaultMemory, &memory_)));
  SIXFOLD_TRY(std::vector<Entry> inputs,
              read_entries(api, session_, &OrtApi::session_get_input_count, &OrtApi::session_get_input_name,
                           &OrtApi::session_get_input_type_info, false));
  for (Entry& input : inputs) {
    if (!input.spec)
      return invalid_argument("{}: input \"{}\" is {}, which cannot be served", name, input.name, input.what);
    inputs_.push_back(*std::move(input.spec));
  }
  SIXFOLD_TRY(std::vector<Entry> outputs,
              read_entries(api, session_, &OrtApi::session_get_output_count, &OrtApi::session_get_output_name,
                           &OrtApi::session_get_output_type_info, true));
  for (Entry& output : outputs) {
    if (output.spec) {
      outputs_.push_back(*std::move(output.spec));
    } else {
      other_outputs_.push_back(output.name + " (" + output.what + ")");
    }
  }
  if (outputs_.empty()) return invalid_argument("{}: no output is a tensor of numbers, bools or texts", name);
  return ok();
}

Result<std::vector<HostTensor>> Session::run(const std::vector<HostTensor>& inputs,
                                             const std::vector<std::string>& wanted) const {
  const OrtApi& api = library_->api();
  if (inputs.size() != inputs_.size()) {
    return invalid_argument("want {} inputs, got {}", inputs_.size(), inputs.size());
  }
  std::vector<Handle<OrtValue>> owned;
  std::vector<const OrtValue*> values;
  std::vector<const char*> input_names;
  owned.reserve(inputs.size());
  values.reserve(inputs.size());
  input_names.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Status fits = check_against(inputs_[i], inputs[i]);
    if (!fits) return with_context(fits.error(), fmt::format("input \"{}\"", inputs_[i].name));
    SIXFOLD_TRY(Handle<OrtValue> value, to_value(api, memory_, inputs[i]));
    values.push_back(value.get());
    owned.push_back(std::move(value));
    input_names.push_back(inputs_[i].name.c_str());
  }
  std::vector<const char*> output_names;
  for (const std::string& name : wanted) {
    const auto found =
        std::find_if(outputs_.begin(), outputs_.end(), [&](const auto& spec) { return spec.name == name; });
    if (found == outputs_.end()) return invalid_argument("output \"{}\": the model has none of that name", name);
    output_names.push_back(found->name.c_str());
  }
  if (wanted.empty()) {
    for (const TensorSpec& spec : outputs_) output_names.push_back(spec.name.c_str());
  }
  std::vector<OrtValue*> results(output_names.size(), nullptr);
  // Shapes that only the graph knows to be wrong are the caller's mistake too.
  const Status ran = take_status(api,
                                 api.run(session_, nullptr, input_names.data(), values.data(), values.size(),
                                         output_names.data(), output_names.size(), results.data()),
                                 ErrorCode::kInvalidArgument);
  std::vector<Handle<OrtValue>> owned_results;
  for (OrtValue* result : results) owned_results.push_back(own(result, api.release_value));
  SIXFOLD_TRY_STATUS(ran);
  std::vector<HostTensor> out;
  out.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    int kind = 0;
    SIXFOLD_TRY_STATUS(take_status(api, api.get_value_type(results[i], &kind)));
    SIXFOLD_TRY(HostTensor tensor, kind == kOrtTypeTensor ? from_value(api, results[i], output_names[i])
                                                          : from_maps(api, results[i], output_names[i]));
    out.push_back(std::move(tensor));
  }
  return out;
}

}  // namespace sixfold::onnx
