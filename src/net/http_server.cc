// Listens, accepts and stops.
#include "net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <exception>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "net/connection.h"

namespace sixfold::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kRefusalsMax = 64;  // connections that get a 503 at one time; more are closed without one
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

// The text that JSON allows between quotes.
std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      out += letter;
    }
  }
  return out;
}

HttpResponse plain_error_response(int status, std::string_view message, std::string_view) {
  HttpResponse response;
  response.body = fmt::format(R"({{"error":{{"message":"{}","type":"{}","param":null,"code":null}}}})",
                              json_escaped(message), status < 500 ? "invalid_request_error" : "server_error");
  return response;
}

Result<std::vector<tcp::endpoint>> endpoints_of(std::string host, std::uint16_t port) {
  if (host == "localhost") {
    return std::vector<tcp::endpoint>{{asio::ip::address_v4::loopback(), port},
                                      {asio::ip::address_v6::loopback(), port}};
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) {
    return invalid_argument("host \"{}\": want an address such as 127.0.0.1, 0.0.0.0, ::1 or ::, or localhost", host);
  }
  return std::vector<tcp::endpoint>{{address, port}};
}

std::string shown(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

Error listen_error(const tcp::endpoint& endpoint, const error_code& error) {
  if (error == asio::error::address_in_use) {
    return unavailable("{} is in use by another program; choose another with --port", shown(endpoint));
  }
  if (error == asio::error::access_denied) {
    return permission_denied("{}: this user may not listen there; ports below 1024 need privileges", shown(endpoint));
  }
  if (error == boost::system::errc::address_not_available) {
    return invalid_argument("{}: this machine has no such address", shown(endpoint));
  }
  return unavailable("{}: cannot listen: {}", shown(endpoint), error.message());
}

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(HttpServerOptions options, Router router)
      : io_(static_cast<int>(std::max<std::size_t>(1, options.threads))),
        work_(asio::make_work_guard(io_)),
        accept_strand_(asio::make_strand(io_)) {
    state_.options = std::move(options);
    state_.router = std::move(router);
    if (!state_.options.error_response) state_.options.error_response = plain_error_response;
  }
  ~AsioHttpServer() override { stop(0); }

  Status listen();
  Status start_threads();

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override {
    const std::lock_guard lock(state_.mutex);
    return state_.connections.size() - state_.refusals;
  }
  std::size_t requests_running() const override { return state_.requests_running; }
  bool stop(int drain_ms) override;

 private:
  struct Listener {
    tcp::acceptor acceptor;
    asio::steady_timer pause;
  };

  Status open(const tcp::endpoint& endpoint);
  void accept(Listener& listener);
  void welcome(tcp::socket socket);
  // Where one connection's things run, one at a time.  A single thread does that without a strand's locks and queues.
  asio::any_io_executor connection_executor() {
    return state_.options.threads <= 1 ? asio::any_io_executor(io_.get_executor()) : asio::make_strand(io_);
  }
  void close_listeners();
  void cut_all();

  // Before io_: a connection that io_ drops while it is destroyed still finds the state.
  mutable ServerState state_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::strand<asio::io_context::executor_type> accept_strand_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // used on accept_strand_ once threads run
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  bool is_stopped_ SIXFOLD_GUARDED_BY(stop_mutex_) = false;
  bool was_clean_ SIXFOLD_GUARDED_BY(stop_mutex_) = true;
};

Status AsioHttpServer::open(const tcp::endpoint& endpoint) {
  auto listener =
      std::make_unique<Listener>(Listener{tcp::acceptor(accept_strand_), asio::steady_timer(accept_strand_)});
  tcp::acceptor& acceptor = listener->acceptor;
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  // "::" means every address of the machine; any other IPv6 address only itself.
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) return listen_error(endpoint, error);
  port_ = acceptor.local_endpoint(error).port();
  listeners_.push_back(std::move(listener));
  return ok();
}

Status AsioHttpServer::listen() {
  SIXFOLD_TRY(std::vector<tcp::endpoint> endpoints, endpoints_of(state_.options.host, state_.options.port));
  for (tcp::endpoint& endpoint : endpoints) {
    if (endpoint.port() == 0) endpoint.port(port_);  // the second address of localhost takes the port of the first
    const Status opened = open(endpoint);
    // Machines without IPv6 serve localhost over IPv4 alone.
    if (!opened && listeners_.empty()) return opened.error();
  }
  return ok();
}

Status AsioHttpServer::start_threads() {
  for (const auto& listener : listeners_) {
    asio::post(accept_strand_, [this, &target = *listener] { accept(target); });
  }
  const std::size_t count = std::max<std::size_t>(1, state_.options.threads);
  try {
    for (std::size_t index = 0; index < count; ++index) {
      threads_.emplace_back([this] { io_.run(); });
    }
  } catch (const std::system_error& error) {
    stop(0);
    return unavailable("cannot start net thread {} of {}: {}", threads_.size() + 1, count, error.what());
  }
  return ok();
}

void AsioHttpServer::accept(Listener& listener) {
  if (!listener.acceptor.is_open()) return;
  listener.acceptor.async_accept(
      connection_executor(),
      asio::bind_executor(accept_strand_, [this, &listener](error_code error, tcp::socket socket) {
        if (!error) {
          welcome(std::move(socket));
          return accept(listener);
        }
        if (!listener.acceptor.is_open()) return;
        if (error == asio::error::connection_aborted) return accept(listener);
        // Out of descriptors or memory: the same client would be reported again at once, so wait for others to leave.
        SPDLOG_WARN("cannot accept a connection: {}", error.message());
        listener.pause.expires_after(kAcceptPause);
        listener.pause.async_wait([this, &listener](error_code) { accept(listener); });
      }));
}

void AsioHttpServer::welcome(tcp::socket socket) {
  try {
    std::shared_ptr<Connection> connection;
    {
      const std::lock_guard lock(state_.mutex);
      if (state_.is_draining) return;
      const bool is_full = state_.connections.size() - state_.refusals >= state_.options.connections_max;
      if (is_full && state_.refusals >= kRefusalsMax) return;
      connection = std::make_shared<Connection>(std::move(socket), state_,
                                                is_full ? Connection::Purpose::kRefuse : Connection::Purpose::kServe);
      state_.connections.emplace(connection.get(), connection);
      if (is_full) ++state_.refusals;
    }
    connection->start();
  } catch (const std::exception& error) {
    SPDLOG_ERROR("cannot serve a new connection: {}", error.what());
  }
}

void AsioHttpServer::close_listeners() {
  std::promise<void> closed;
  asio::post(accept_strand_, [this, &closed] {
    for (const auto& listener : listeners_) {
      error_code ignored;
      listener->acceptor.close(ignored);
      listener->pause.cancel();
    }
    closed.set_value();
  });
  closed.get_future().wait();
}

void AsioHttpServer::cut_all() {
  for (const auto& [key, weak] : state_.connections) {
    if (const auto connection = weak.lock()) connection->cut();
  }
}

bool AsioHttpServer::stop(int drain_ms) {
  const std::lock_guard stop_lock(stop_mutex_);
  if (is_stopped_) return was_clean_;
  is_stopped_ = true;
  if (!threads_.empty()) {
    close_listeners();
    std::unique_lock lock(state_.mutex);
    state_.is_draining = true;
    for (const auto& [key, weak] : state_.connections) {
      if (const auto connection = weak.lock()) connection->drain();
    }
    const auto is_empty = [this] { return state_.connections.empty(); };
    if (!state_.changed.wait_for(lock, std::chrono::milliseconds(std::max(0, drain_ms)), is_empty)) {
      cut_all();
      state_.changed.wait(lock, is_empty);
    }
    was_clean_ = state_.requests_cut == 0;
  }
  // With no connection left and no listener, the threads run out of work by themselves and leave nothing behind.
  work_.reset();
  for (std::thread& thread : threads_) thread.join();
  return was_clean_;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, Router router) {
  try {
    auto server = std::make_unique<AsioHttpServer>(std::move(options), std::move(router));
    SIXFOLD_TRY_STATUS(server->listen());
    SIXFOLD_TRY_STATUS(server->start_threads());
    return Result<std::unique_ptr<HttpServer>>(std::move(server));
  } catch (const std::exception& error) {
    return internal_error("cannot start the HTTP server: {}", error.what());
  }
}

}  // namespace sixfold::net
