// GraphQL requests against a backend that answers at once: whatever the bytes, the answer is JSON with "data" or
// "errors", comes once, and in bounded time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "../test/service/fake_backend.h"
#include "core/clock.h"
#include "service/endpoints.h"
#include "service/json.h"

namespace {

using namespace sixfold;           // NOLINT(google-build-using-namespace)
using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

class CountingWriter final : public net::ResponseWriter {
 public:
  void send(net::HttpResponse given) override {
    ++answers;
    response = std::move(given);
  }
  void begin_stream(net::HttpResponse) override { require(false); }
  bool write(std::string) override { return false; }
  void end() override {}
  void abort() override {}
  std::size_t buffered_bytes() const override { return 0; }
  bool is_gone() const override { return false; }
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  void post_after(int, std::function<void()>) override {}
  void on_gone(std::function<void()>) override {}
  void on_drained(std::function<void()>) override {}

  int answers = 0;
  net::HttpResponse response;
  std::deque<std::function<void()>> tasks;
};

}  // namespace

// The bytes up to the first zero are the query, the rest are the variables.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view query = bytes.substr(0, bytes.find('\0'));
  FakeBackend backend;
  backend.description.classes = {"no", "yes"};
  backend.script = [](FakeGeneration& generation) { generation.finish(engine::FinishReason::kStop, 0, "text"); };
  ManualClock clock;
  ServiceState state{backend, nullptr, clock};
  net::HttpRequest request;
  request.method = "POST";
  request.body = R"({"query":)";
  append_json_string(request.body, query);
  if (query.size() < bytes.size() && parse_json(bytes.substr(query.size() + 1)).is_ok()) {
    request.body += R"(,"variables":)";
    request.body += bytes.substr(query.size() + 1);
  }
  request.body += '}';
  const auto writer = std::make_shared<CountingWriter>();
  graphql_query(state, request, writer);
  for (auto& [asked, done] : backend.embeds) done(Embeddings{{{1, 2}}, 3});
  for (auto& [asked, done] : backend.scores)
    done(Scores{std::vector<std::vector<float>>(asked.texts.size(), {0, 1}), 3});
  while (!writer->tasks.empty()) {
    const auto task = std::move(writer->tasks.front());
    writer->tasks.pop_front();
    task();
  }
  require(writer->answers == 1);
  require(writer->response.status == 200 || writer->response.status == 400);
  const auto answer = parse_json(writer->response.body);
  require(answer.is_ok() && answer->is_object());
  require(answer->get_object().contains("data") || answer->get_object().contains("errors"));
  return 0;
}
