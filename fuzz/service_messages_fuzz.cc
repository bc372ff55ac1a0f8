// Bodies of the Responses API and of Anthropic's Messages: whatever the bytes, a parser answers with a request within
// the limits or with a refusal whose error body is JSON.  The first byte chooses the parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "service/anthropic_parse.h"
#include "service/error_body.h"
#include "service/json.h"
#include "service/limits.h"
#include "service/responses/parse.h"
#include "service/tools.h"

namespace {

using namespace sixfold;           // NOLINT(google-build-using-namespace)
using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
bool check_refusal(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  if (refusal == nullptr) return false;
  require(!refusal->error.message.empty());
  for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kAnthropic}) {
    const net::HttpResponse response = error_response(dialect, *refusal);
    require(response.status == 400);
    require(parse_json(response.body).is_ok());
  }
  return true;
}

void check_request(const GenerateRequest& request) {
  require(engine::validate(request.sampling).is_ok());
  require(request.stop.size() <= limits::kStopStringsMax);
  require(request.logprobs <= limits::kLogprobsMax);
  require(!request.tokens_max || *request.tokens_max >= 1);
  require(request.tools.size() <= limits::kToolsMax);
  for (const tokenizer::ChatTool& tool : request.tools) {
    require(is_tool_name(tool.name));
    require(parse_json(tool.definition).is_ok());
    require(tool.parameters.empty() || parse_json(tool.parameters).is_ok());
  }
  for (const std::string& name : callable_names(request)) require(is_tool_name(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto parsed = parse_messages(body);
      if (!check_refusal(parsed)) check_request(std::get<MessagesCall>(parsed).request);
      break;
    }
    case 1:
      check_refusal(parse_messages(body, {}, true));
      break;
    default: {
      const auto parsed = parse_responses(body);
      if (check_refusal(parsed)) break;
      const auto& call = std::get<ResponsesCall>(parsed);
      check_request(call.request);
      require(parse_json("{" + call.echo + "}").is_ok());
      for (const std::string& item : call.items) require(parse_json(item).is_ok());
    }
  }
  return 0;
}
