// Puts the route table, the error bodies and the metrics around net::HttpServer.
#include "service/server.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "service/cross_origin.h"
#include "service/endpoints.h"
#include "service/error_body.h"
#include "service/routes.h"

namespace sixfold::service {
namespace {

class ServerImplementation final : public Server {
 public:
  ServerImplementation(Backend& backend, telemetry::Metrics* metrics, const ServeOptions& options)
      : state_(backend, metrics, options.clock != nullptr ? *options.clock : system_clock()),
        host_(options.http.host),
        pre_stop_ms_(options.pre_stop_ms),
        metrics_(metrics) {
    state_.adapter_folder = options.adapter_folder;
    state_.openapi = make_openapi(backend.describe());
  }

  // The net threads end first and cut what runs, which cancels it; state_ goes after them.
  ~ServerImplementation() override {
    if (metrics_ != nullptr) metrics_->set_http_connections(nullptr);
    http_.reset();
  }

  Status start(ServeOptions options) {
    net::HttpServerOptions http = std::move(options.http);
    const bool allows_cross_origin = options.allows_cross_origin;
    http.error_response = [allows_cross_origin](int status, std::string_view message, std::string_view path) {
      net::HttpResponse response = http_error_response(status, message, path);
      if (allows_cross_origin) add_cross_origin(response);
      return response;
    };
    if (metrics_ != nullptr) {
      http.on_finished = [metrics = metrics_,
                          then = std::move(http.on_finished)](const net::HttpServerOptions::Finished& finished) {
        metrics->http_finished(finished.method, finished.route, finished.status, finished.seconds);
        if (then) then(finished);
      };
    }
    if (allows_cross_origin) {
      http.before = [then = std::move(http.before)](const net::HttpRequest& request, const Writer& writer) {
        if (is_preflight(request)) {
          writer->send(preflight_response(request));
          return false;
        }
        return !then || then(request, writer);
      };
    }
    SIXFOLD_TRY(http_, net::HttpServer::start(std::move(http), make_router(state_, allows_cross_origin)));
    if (metrics_ != nullptr) metrics_->set_http_connections([server = http_.get()] { return server->connections(); });
    return ok();
  }

  std::uint16_t port() const override { return http_->port(); }

  std::string url() const override {
    const bool is_ipv6 = host_.find(':') != std::string::npos;
    return is_ipv6 ? fmt::format("http://[{}]:{}", host_, port()) : fmt::format("http://{}:{}", host_, port());
  }

  bool drain(int drain_ms) override {
    state_.is_draining = true;
    {
      std::unique_lock lock(mutex_);
      hurried_.wait_for(lock, std::chrono::milliseconds(pre_stop_ms_), [this] { return is_hurried_; });
    }
    return http_->stop(drain_ms);
  }

  void hurry() override {
    {
      const std::lock_guard lock(mutex_);
      is_hurried_ = true;
    }
    hurried_.notify_all();
  }

 private:
  ServiceState state_;  // outlives http_, whose handlers use it
  const std::string host_;
  const int pre_stop_ms_;
  telemetry::Metrics* const metrics_;
  std::unique_ptr<net::HttpServer> http_;
  std::mutex mutex_;
  std::condition_variable hurried_;
  bool is_hurried_ = false;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<Server>> Server::serve(Backend& backend, telemetry::Metrics* metrics, ServeOptions options) {
  auto server = std::make_unique<ServerImplementation>(backend, metrics, options);
  SIXFOLD_TRY_STATUS(server->start(std::move(options)));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace sixfold::service
