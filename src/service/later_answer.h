// Answers that another thread computes and sends whole.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "service/backend.h"
#include "service/endpoints.h"
#include "service/error_body.h"

namespace sixfold::service {

// A token that asks to stop when the client leaves.
inline std::stop_token stop_when_gone(net::ResponseWriter& writer) {
  std::stop_source source;
  std::stop_token token = source.get_token();
  writer.on_gone([source = std::move(source)] { source.request_stop(); });
  return token;
}

// What TensorRequest::run_soon wants.
inline std::function<void(std::function<void()>)> soon_on(Writer writer) {
  return [writer = std::move(writer)](std::function<void()> task) { writer->post(std::move(task)); };
}

// Sends body_of(result), or the error.  The body is made on the connection's thread: the one that computed the result
// has others waiting.  input_field: as for refusal_of_generate.
template <class T, class BodyOf>
Done<T> answer_later(Writer writer, std::string_view input_field, BodyOf body_of, Dialect dialect = Dialect::kOpenAi) {
  return [writer = std::move(writer), input_field, body_of = std::move(body_of), dialect](Result<T> result) {
    writer->post([writer, input_field, body_of, dialect, result = std::move(result)] {
      if (!result) {
        writer->send(error_response(dialect, refusal_of_generate(result.error(), input_field)));
        return;
      }
      net::HttpResponse response;
      response.body = body_of(*result);
      writer->send(std::move(response));
    });
  };
}

// For what the backend refused at once.
inline void send_refusal(net::ResponseWriter& writer, const Status& status, std::string_view input_field,
                         Dialect dialect = Dialect::kOpenAi) {
  if (!status) writer.send(error_response(dialect, refusal_of_generate(status.error(), input_field)));
}

// {"prompt_tokens": ..., "total_tokens": ...} of a request that generates nothing.
inline std::string read_usage(std::uint64_t tokens) {
  const std::string count = std::to_string(tokens);
  return R"({"prompt_tokens":)" + count + R"(,"total_tokens":)" + count + "}";
}

}  // namespace sixfold::service
