// Request bodies of ollama, the Open Inference Protocol and /infill: whatever the bytes, a parser answers with a
// request within the limits or with a refusal whose error body is JSON.  The first byte chooses the parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "core/limits.h"
#include "service/error_body.h"
#include "service/infill.h"
#include "service/json.h"
#include "service/oip/fields.h"
#include "service/ollama/fields.h"
#include "service/openai_fields.h"

namespace {

using namespace sixfold;           // NOLINT(google-build-using-namespace)
using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

// The value, or null after the refusal was checked.
template <class T>
const T* checked(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  if (refusal == nullptr) return &std::get<T>(parsed);
  require(!refusal->error.message.empty());
  const net::HttpResponse response = error_response(Dialect::kText, *refusal);
  require(response.status == 400);
  require(parse_json(response.body).is_ok());
  return nullptr;
}

void check_request(const GenerateRequest& request) {
  require(engine::validate(request.sampling).is_ok());
  require(request.choices == 1);
  require(request.stop.size() <= limits::kStopStringsMax);
  require(request.logprobs <= limits::kLogprobsMax);
  require(!request.tokens_max || *request.tokens_max >= 1);
}

void check_infer(std::string_view body, bool generates) {
  BackendDescription description;
  description.generates = generates;
  if (!generates) {
    description.embedding_width = 4;
    description.classes = {"a", "b"};
  }
  const auto parsed = parse_oip_infer(body, description);
  const OipInferCall* call = checked(parsed);
  if (call == nullptr) return;
  require(!call->texts.empty());
  require(call->pairs.empty() || call->pairs.size() == call->texts.size());
  require(!call->output.empty());
  check_request(call->shared);
}

void check_tensor(std::string_view body) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return;
  FieldReader reader(value->get_object());
  const HostTensor tensor = read_oip_tensor(reader);
  if (!reader.is_ok()) return;
  std::string text;
  append_oip_tensor(text, tensor);
  const auto written = parse_json(text);
  require(written.is_ok());
  require(written->at("data").get_array().size() == *element_count(tensor.shape));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  BackendDescription description;
  description.is_chat_model = size % 2 == 0;
  switch (data[0] % 8) {
    case 0: {
      const auto parsed = parse_ollama_generate(body, description);
      if (const OllamaCall* call = checked(parsed)) check_request(call->request);
      break;
    }
    case 1: {
      const auto parsed = parse_ollama_chat(body, description);
      if (const OllamaCall* call = checked(parsed)) check_request(call->request);
      break;
    }
    case 2:
      checked(parse_ollama_embed(body));
      checked(parse_ollama_embeddings(body));
      break;
    case 3:
      checked(parse_ollama_show(body));
      checked(parse_ollama_pull(body));
      checked(parse_ollama_delete(body));
      break;
    case 4:
      check_infer(body, size % 2 == 0);
      checked(parse_oip_tensors(body));
      break;
    case 5: {
      const auto parsed = parse_oip_generate(body, size % 2 == 0, {});
      if (const OipGenerateCall* call = checked(parsed)) check_request(call->request);
      oip_target(body);
      break;
    }
    case 6: {
      const auto parsed = parse_infill(body);
      if (const InfillCall* call = checked(parsed)) check_request(call->request);
      checked(parse_template(body));
      break;
    }
    default:
      check_tensor(body);
  }
  return 0;
}
