// Bodies of /predict for models of tensors: whatever the bytes and the model's inputs, a body is refused with its field
// or becomes tensors that fit the model, and the answer is JSON.  The first bytes make the model's inputs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "../test/service/fake_tensor_model.h"
#include "core/tensor_limits.h"
#include "service/json.h"
#include "service/predict_tensors.h"

namespace {

using namespace sixfold;           // NOLINT(google-build-using-namespace)
using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

// Takes a byte off the front; 0 when there is none.
std::uint8_t take(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

TensorSignature signature_of(std::string_view& bytes) {
  TensorSignature signature;
  const std::size_t inputs = take(bytes) % 3 + 1u;
  for (std::size_t i = 0; i < inputs; ++i) {
    TensorSpec spec;
    spec.name = std::string(1, static_cast<char>('a' + i));
    spec.type = static_cast<ElementType>(take(bytes) % 12);
    const std::size_t rank = take(bytes) % 5;
    for (std::size_t level = 0; level < rank; ++level) spec.shape.push_back(take(bytes) % 5 - 1);
    signature.inputs.push_back(std::move(spec));
  }
  signature.outputs = {spec_of("sum", ElementType::kF32, {-1})};
  if (take(bytes) % 2 == 1) signature.outputs.push_back(spec_of("again", ElementType::kF32, {-1}));
  return signature;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const TensorSignature signature = signature_of(bytes);
  require(json::serialize(predict_request_schema(signature)).size() > 2);
  const auto parsed = parse_predict_tensors(bytes, signature);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    require(!refusal->error.message.empty());
    require(parse_json(error_response(Dialect::kPlain, *refusal).body).is_ok());
    return 0;
  }
  const auto& call = std::get<PredictCall>(parsed);
  require(call.rows <= limits::kInstancesMax);
  require(call.request.inputs.size() == signature.inputs.size());
  for (const HostTensor& input : call.request.inputs) {
    const TensorSpec loose{
        .name = {}, .type = input.type, .shape = TensorShape(input.shape.size(), -1), .dimension_names = {}};
    require(check_against(loose, input).is_ok());
  }
  if (call.rows > 1000) return 0;  // the model would run once for each
  const FakeTensorModel model(signature);
  const auto outputs = run_rows(model, call.request.inputs, call.request.outputs, {});
  if (outputs.is_ok()) require(parse_json(predict_tensors_body(call, {*outputs}, "m")).is_ok());
  return 0;
}
