// A client that says exactly what a test tells it to: one TCP socket, and a reader of answers.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace sixfold::net {

struct Answer {
  int status = 0;
  std::string head;  // with its empty line
  std::string body;  // chunks joined
  bool is_chunked = false;
  bool is_whole = false;  // ended as its framing promised

  // The value of a header, or "".
  std::string header(std::string_view name) const {
    const std::string mark = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(mark);
    if (at == std::string::npos) return "";
    const std::size_t from = at + mark.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* address = "127.0.0.1", int receive_buffer_bytes = 0) {
    const bool is_v6 = std::strchr(address, ':') != nullptr;
    socket_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int result = 0;
    if (is_v6) {
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      to.sin6_port = htons(port);
      ::inet_pton(AF_INET6, address, &to.sin6_addr);
      result = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    } else {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      ::inet_pton(AF_INET, address, &to.sin_addr);
      result = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    is_connected_ = result == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool is_connected() const { return is_connected_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void close_with_reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  // False when the server closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Waits for more bytes.  False when the server closed, reset, or stayed silent for 20 s (then the test fails).
  bool receive_some() {
    pollfd wanted{socket_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, 20'000);
    EXPECT_EQ(ready, 1) << "the server stayed silent";
    if (ready != 1) return false;
    char bytes[16384];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count > 0) received_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  // Waits until `text` was received; it stays in the buffer.
  bool receive_until(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
      if (!receive_some()) return false;
    }
    return true;
  }

  // True when the server closes without another byte.
  bool sees_close() {
    while (receive_some()) {
    }
    return received_.empty();
  }

  // Reads one answer.  `has_body` false: the answer to HEAD.
  Answer read_answer(bool has_body = true) {
    Answer answer;
    if (!receive_until("\r\n\r\n")) {
      answer.body = received_;
      return answer;
    }
    const std::size_t head_end = received_.find("\r\n\r\n") + 4;
    answer.head = received_.substr(0, head_end);
    received_.erase(0, head_end);
    answer.status = std::atoi(answer.head.substr(9, 3).c_str());
    answer.is_chunked = answer.header("Transfer-Encoding") == "chunked";
    if (!has_body || answer.status == 204 || answer.status < 200) {
      answer.is_whole = true;
    } else if (answer.is_chunked) {
      read_chunks(answer);
    } else if (!answer.header("Content-Length").empty()) {
      const auto size = static_cast<std::size_t>(std::atoll(answer.header("Content-Length").c_str()));
      while (received_.size() < size && receive_some()) {
      }
      answer.is_whole = received_.size() >= size;
      answer.body = received_.substr(0, size);
      received_.erase(0, size);
    } else {
      while (receive_some()) {
      }
      answer.is_whole = true;
      answer.body = std::move(received_);
      received_.clear();
    }
    return answer;
  }

  Answer ask(std::string_view request) {
    send(request);
    return read_answer();
  }

 private:
  void read_chunks(Answer& answer) {
    for (;;) {
      if (!receive_until("\r\n")) return;
      const std::size_t size = std::strtoul(received_.c_str(), nullptr, 16);
      const std::size_t from = received_.find("\r\n") + 2;
      while (received_.size() < from + size + 2) {
        if (!receive_some()) return;
      }
      answer.body += received_.substr(from, size);
      received_.erase(0, from + size + 2);
      if (size == 0) {
        answer.is_whole = true;
        return;
      }
    }
  }

  int socket_ = -1;
  bool is_connected_ = false;
  std::string received_;
};

}  // namespace sixfold::net
