// Source: WHATWG Fetch, section 3.2.  Any origin is let in, and no credentials: the browser then sends no cookies.
#include "service/cross_origin.h"

#include <utility>

namespace sixfold::service {
namespace {

// Passes everything on; only heads change.
class CrossOriginWriter final : public net::ResponseWriter {
 public:
  explicit CrossOriginWriter(std::shared_ptr<net::ResponseWriter> writer) : writer_(std::move(writer)) {}

  void send(net::HttpResponse response) override {
    add_cross_origin(response);
    writer_->send(std::move(response));
  }
  void begin_stream(net::HttpResponse head) override {
    add_cross_origin(head);
    writer_->begin_stream(std::move(head));
  }
  bool write(std::string bytes) override { return writer_->write(std::move(bytes)); }
  void end() override { writer_->end(); }
  void abort() override { writer_->abort(); }
  std::size_t buffered_bytes() const override { return writer_->buffered_bytes(); }
  bool is_gone() const override { return writer_->is_gone(); }
  void post(std::function<void()> task) override { writer_->post(std::move(task)); }
  void post_after(int delay_ms, std::function<void()> task) override { writer_->post_after(delay_ms, std::move(task)); }
  void on_gone(std::function<void()> callback) override { writer_->on_gone(std::move(callback)); }
  void on_drained(std::function<void()> callback) override { writer_->on_drained(std::move(callback)); }

 private:
  const std::shared_ptr<net::ResponseWriter> writer_;
};

}  // namespace

void add_cross_origin(net::HttpResponse& response) {
  response.headers.push_back({"Access-Control-Allow-Origin", "*"});
  response.headers.push_back({"Access-Control-Expose-Headers", "X-Request-Id, Retry-After"});
}

std::shared_ptr<net::ResponseWriter> with_cross_origin(std::shared_ptr<net::ResponseWriter> writer) {
  return std::make_shared<CrossOriginWriter>(std::move(writer));
}

bool is_preflight(const net::HttpRequest& request) {
  return request.method == "OPTIONS" && !request.header("origin").empty() &&
         !request.header("access-control-request-method").empty();
}

net::HttpResponse preflight_response(const net::HttpRequest& request) {
  net::HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  add_cross_origin(response);
  response.headers.push_back({"Access-Control-Allow-Methods", "GET, POST, OPTIONS"});
  // A list, because "*" does not cover Authorization, and SDKs add headers of their own.
  const std::string_view asked = request.header("access-control-request-headers");
  if (!asked.empty()) response.headers.push_back({"Access-Control-Allow-Headers", std::string(asked)});
  response.headers.push_back({"Access-Control-Max-Age", "600"});
  return response;
}

}  // namespace sixfold::service
