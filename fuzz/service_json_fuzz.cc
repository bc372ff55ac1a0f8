// Request bodies: whatever the bytes, a parser answers with a request within the limits or with a refusal whose error
// body is JSON.  The first byte chooses the parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "core/limits.h"
#include "service/error_body.h"
#include "service/json.h"
#include "service/openai_fields.h"

namespace {

using namespace sixfold;           // NOLINT(google-build-using-namespace)
using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void check_refusal(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  if (refusal == nullptr) return;
  require(!refusal->error.message.empty());
  for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kPlain}) {
    const net::HttpResponse response = error_response(dialect, *refusal);
    require(response.status == 400 || response.status == 422);
    require(parse_json(response.body).is_ok());
  }
}

void check_request(const GenerateRequest& request) {
  require(engine::validate(request.sampling).is_ok());
  require(request.choices >= 1 && request.choices <= limits::kChoicesMax);
  require(request.stop.size() <= limits::kStopStringsMax);
  require(request.logprobs <= limits::kLogprobsMax);
  require(!request.tokens_max || *request.tokens_max >= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: {
      const auto parsed = parse_chat(body);
      check_refusal(parsed);
      if (const auto* call = std::get_if<ChatCall>(&parsed)) check_request(call->request);
      break;
    }
    case 1: {
      const auto parsed = parse_completion(body);
      check_refusal(parsed);
      if (const auto* call = std::get_if<CompletionCall>(&parsed)) {
        require(!call->requests.empty());
        for (const GenerateRequest& request : call->requests) check_request(request);
      }
      break;
    }
    case 2: {
      const auto parsed = parse_predict(body, size % 2 == 0);
      check_refusal(parsed);
      if (const auto* request = std::get_if<GenerateRequest>(&parsed)) check_request(*request);
      break;
    }
    default:
      check_refusal(parse_load_adapter(body));
      check_refusal(parse_unload_adapter(body));
  }
  std::string escaped;
  append_json_string(escaped, body);
  require(parse_json(escaped).is_ok());
  return 0;
}
