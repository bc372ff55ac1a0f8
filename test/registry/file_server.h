// A server of files on loopback: ranges, entity tags, and the faults that a test orders.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/error.h"
#include "net/http_server.h"
#include "registry/content_range.h"
#include "registry/source.h"

namespace sixfold::registry {

// Bytes that differ everywhere, so that a part in the wrong place is seen.
inline std::string sample_bytes(std::size_t count, std::uint32_t seed = 1) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<char>(seed >> 24);
  }
  return bytes;
}

class FileServer {
 public:
  explicit FileServer(std::string content) : content_(std::move(content)) {
    net::HttpServerOptions options;
    options.port = 0;
    options.threads = 2;
    net::Router router;
    router.add({"GET", "/{path...}", [this](const net::HttpRequest& request, std::shared_ptr<net::ResponseWriter> to) {
                  serve(request, *to);
                }});
    auto started = net::HttpServer::start(std::move(options), std::move(router));
    EXPECT_TRUE(started.is_ok());
    server_ = std::move(*started);
  }
  ~FileServer() { server_.reset(); }

  std::string url(const std::string& path = "/model.gguf") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  RemoteFile file() const {
    RemoteFile file{.path = "model.gguf"};
    file.request = [url = url()](bool) -> Result<net::ClientRequest> { return net::ClientRequest{.url = url}; };
    return file;
  }

  // Set before requests come; read on the server's threads.
  bool has_ranges = true;
  bool has_length = true;
  std::string tag = "\"v1\"";
  // May answer instead: true when it did.
  std::function<bool(const net::HttpRequest&, net::ResponseWriter&)> fault;
  // Bytes of each answer after which the connection breaks; 0 = whole.
  std::function<std::size_t(std::size_t index, std::size_t bytes)> cut;

  void set_content(std::string content, std::string new_tag) {
    const std::lock_guard lock(mutex_);
    content_ = std::move(content);
    tag = std::move(new_tag);
  }
  std::size_t requests() const { return requests_.load(); }
  std::uint64_t bytes_sent() const { return bytes_sent_.load(); }

 private:
  void serve(const net::HttpRequest& request, net::ResponseWriter& writer) {
    const std::size_t index = requests_++;
    if (fault && fault(request, writer)) return;
    const std::lock_guard lock(mutex_);
    net::HttpResponse response{.content_type = "application/octet-stream"};
    if (!tag.empty()) response.headers.push_back({"ETag", tag});
    std::size_t first = 0;
    std::size_t last = content_.size() - 1;
    const std::string range(request.header("Range"));
    const std::string_view condition = request.header("If-Range");
    if (has_ranges && !range.empty() && (condition.empty() || condition == tag)) {
      if (std::sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last) != 2 || first >= content_.size()) {
        response.status = 416;
        writer.send(std::move(response));
        return;
      }
      last = std::min(last, content_.size() - 1);
      response.status = 206;
      response.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", first, last, content_.size())});
    }
    std::string body = content_.substr(first, last - first + 1);
    const std::size_t whole = body.size();
    const std::size_t cut_at = cut ? cut(index, whole) : 0;
    if (cut_at > 0 && cut_at < whole) body.resize(cut_at);
    bytes_sent_ += body.size();
    if (body.size() == whole && has_length) {
      response.body = std::move(body);
      writer.send(std::move(response));
      return;
    }
    writer.begin_stream(std::move(response));
    writer.write(std::move(body));
    if (cut_at > 0 && cut_at < whole) {
      writer.abort();
    } else {
      writer.end();
    }
  }

  std::mutex mutex_;
  std::string content_;
  std::atomic<std::size_t> requests_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  std::unique_ptr<net::HttpServer> server_;
};

// No proxy, no real waiting.
inline net::HttpClientOptions quick_http() {
  net::HttpClientOptions options;
  options.uses_proxy = false;
  options.pause = [](Nanoseconds) { return ok(); };
  return options;
}

}  // namespace sixfold::registry
