// A backend behind HTTP: everything that `sixfold serve` runs, in one object.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_server.h"
#include "service/backend.h"
#include "service/model_shelf.h"
#include "telemetry/metrics.h"

namespace sixfold::service {

struct ServeOptions {
  net::HttpServerOptions http;  // error_response, on_finished and before are filled in; a given `before` runs first
  bool allows_cross_origin = false;
  std::string adapter_folder;    // that clients may load adapters from; empty: they may not
  ModelShelf* shelf = nullptr;   // of models that clients may manage, outlives the server; null: they may not
  int pre_stop_ms = 0;           // how long a draining server goes on accepting, so that balancers see it first
  const Clock* clock = nullptr;  // null: the system's
};

// Thread-safe.
class Server {
 public:
  // Serves at once.  backend and metrics (may be null) must outlive the server.
  // Errors: those of net::HttpServer::start.
  static Result<std::unique_ptr<Server>> serve(Backend& backend, telemetry::Metrics* metrics, ServeOptions options);

  virtual ~Server() = default;  // cuts what runs
  virtual std::uint16_t port() const = 0;
  virtual std::string url() const = 0;  // "http://127.0.0.1:8080"

  // /readyz says 503 at once; after pre_stop_ms nothing new is accepted; what runs has drain_ms to finish, then it is
  // cut.  True when nothing was cut.  Not from a net thread.  Once.
  virtual bool drain(int drain_ms) = 0;
  // Ends the pre-stop wait early, for a second signal.
  virtual void hurry() = 0;
};

}  // namespace sixfold::service
