// What probes and dashboards read: /health, /readyz, /metrics, /version.
#include "core/version.h"
#include "service/endpoints.h"

namespace sixfold::service {

void health(ServiceState&, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  response.body = R"({"status":"ok"})";
  writer->send(std::move(response));
}

void readiness(ServiceState& state, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  if (state.is_draining) {
    response.status = 503;
    response.body = R"({"status":"not ready","reason":"the server is stopping"})";
  } else if (!state.backend.is_ready()) {
    response.status = 503;
    response.body = R"({"status":"not ready","reason":"decoding does not advance"})";
  } else {
    response.body = R"({"status":"ready"})";
  }
  writer->send(std::move(response));
}

void metrics_page(ServiceState& state, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  response.content_type = telemetry::Metrics::content_type();
  if (state.metrics != nullptr) response.body = state.metrics->render();
  writer->send(std::move(response));
}

void show_version(ServiceState&, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  response.body = R"({"version":")" + std::string(version()) + R"("})";
  writer->send(std::move(response));
}

}  // namespace sixfold::service
