// A service without sockets: a fake backend, a fake writer, and the endpoints between them.
#pragma once
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "service/endpoints.h"
#include "service/fake_backend.h"
#include "service/fake_writer.h"
#include "service/schemas.h"

namespace sixfold::service {

struct Bench {
  FakeBackend backend;
  ManualClock clock;
  ServiceState state{backend, nullptr, clock};

  using Endpoint = void (*)(ServiceState&, const net::HttpRequest&, Writer);
  std::shared_ptr<FakeWriter> call(Endpoint endpoint, std::string body) {
    net::HttpRequest request;
    request.id = "request-1";
    request.method = "POST";
    request.body = std::move(body);
    auto writer = std::make_shared<FakeWriter>();
    endpoint(state, request, writer);
    writer->run_tasks();
    return writer;
  }
};

inline boost::json::value answer_json(const FakeWriter& writer) {
  EXPECT_TRUE(writer.answer.has_value());
  if (!writer.answer) return {};
  boost::json::error_code failure;
  boost::json::value value = boost::json::parse(writer.answer->body, failure);
  EXPECT_FALSE(failure) << writer.answer->body;
  return value;
}

// The data of each server-sent event; comments are left out.
inline std::vector<std::string> stream_data(std::string_view stream) {
  std::vector<std::string> data;
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << "an event without its empty line";
    if (end == std::string_view::npos) break;
    const std::string_view event = stream.substr(0, end);
    // Some dialects name their events.
    const std::size_t begin = event.starts_with("event: ") ? event.find('\n') + 1 : 0;
    if (event.substr(begin).starts_with("data: ")) {
      data.emplace_back(event.substr(begin + 6));
    } else {
      EXPECT_TRUE(event.starts_with(":")) << event;
    }
    stream.remove_prefix(end + 2);
  }
  return data;
}

// Properties of a schema that a parser does not know, and an example that it refuses; empty when they agree.
template <class Parse>
std::string schema_lies(std::string_view name, Parse parse) {
  const auto schemas = boost::json::parse(boost::json::string_view(schemas_json()));
  const auto& schema = schemas.at(boost::json::string_view(name)).as_object();
  std::string lies;
  const auto refusal_of = [&](const std::string& body) {
    const auto parsed = parse(body);
    const auto* refusal = std::get_if<Refusal>(&parsed);
    return refusal == nullptr ? std::string() : refusal->error.message;
  };
  for (const auto& property : schema.at("properties").as_object()) {
    const std::string message = refusal_of("{\"" + std::string(property.key()) + "\":null}");
    if (message.find("no such field") != std::string::npos) lies += message + "\n";
  }
  if (const auto* example = schema.if_contains("example")) lies += refusal_of(boost::json::serialize(*example));
  return lies;
}

inline std::string text_at(const boost::json::value& value, std::string_view pointer) {
  boost::json::error_code failure;
  const boost::json::value* found = value.find_pointer({pointer.data(), pointer.size()}, failure);
  if (found == nullptr) return "(nothing at " + std::string(pointer) + ")";
  return found->is_string() ? std::string(found->get_string().c_str()) : boost::json::serialize(*found);
}

}  // namespace sixfold::service
