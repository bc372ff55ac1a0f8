// Requests from bytes: what is taken, what is refused and with which status.
#include "net/request_parser.h"

#include <gtest/gtest.h>

#include "parse_bytes.h"

namespace sixfold::net {
namespace {

constexpr RequestLimits kLimits{400, 64};

ParsedBytes parse(std::string_view bytes) {
  ParsedBytes at_once = parse_request_bytes(bytes, kLimits, bytes.size() + 1);
  const ParsedBytes by_byte = parse_request_bytes(bytes, kLimits, 1);
  EXPECT_EQ(at_once.error_status, by_byte.error_status) << bytes;
  EXPECT_EQ(at_once.requests.size(), by_byte.requests.size()) << bytes;
  return at_once;
}

TEST(RequestParser, reads_a_request_with_everything) {
  const ParsedBytes parsed = parse(
      "POST /a%20b?x=1&y=%2B+z&x=2&flag HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
      "4\r\n\r\nbody");
  ASSERT_EQ(parsed.requests.size(), 1u) << parsed.error_message;
  const RequestHead& head = parsed.requests[0];
  EXPECT_EQ(head.request.method, "POST");
  EXPECT_EQ(head.request.path, "/a b");
  EXPECT_EQ(head.request.query_value("x"), "1");
  EXPECT_EQ(head.request.query_value("y"), "+ z");
  EXPECT_EQ(head.request.query.size(), 4u);
  EXPECT_EQ(head.request.header("content-TYPE"), "text/plain");
  EXPECT_EQ(head.request.header("absent"), "");
  EXPECT_EQ(head.request.body, "body");
  EXPECT_TRUE(head.is_http_1_1);
  EXPECT_TRUE(head.is_keep_alive);
}

TEST(RequestParser, reads_pipelined_requests_one_after_the_other) {
  const ParsedBytes parsed = parse(
      "POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Request-Id: "
      "trailer\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(parsed.requests.size(), 3u) << parsed.error_message;
  EXPECT_EQ(parsed.requests[0].request.body, "abcde");
  EXPECT_EQ(parsed.requests[0].request.header("X-Request-Id"), "") << "trailers are not headers";
  EXPECT_FALSE(parsed.requests[1].is_http_1_1);
  EXPECT_FALSE(parsed.requests[1].is_keep_alive);
  EXPECT_FALSE(parsed.requests[2].is_keep_alive);
  EXPECT_FALSE(parsed.is_in_the_middle);
}

TEST(RequestParser, every_truncation_waits_for_more) {
  const std::string whole =
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const ParsedBytes parsed = parse(whole.substr(0, size));
    EXPECT_EQ(parsed.error_status, 0) << size << ": " << parsed.error_message;
    EXPECT_TRUE(parsed.requests.empty()) << size;
    EXPECT_TRUE(parsed.is_in_the_middle) << size;
  }
  EXPECT_EQ(parse(whole).requests.size(), 1u);
}

TEST(RequestParser, refuses_what_is_malformed_or_ambiguous) {
  const auto status = [](const std::string& head, const std::string& body = "") {
    return parse(head + "\r\n\r\n" + body).error_status;
  };
  EXPECT_EQ(status("\x16\x03\x01\x02 TLS"), 400);
  EXPECT_EQ(status("GET / HTTP/2.0\r\nHost: h"), 505);
  EXPECT_EQ(status("PRI * HTTP/2.0"), 505);
  EXPECT_EQ(status("GET / HTTP/1.1"), 400) << "no Host";
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b"), 400);
  EXPECT_EQ(status("GET  / HTTP/1.1\r\nHost: h"), 400);
  EXPECT_EQ(status("G(T / HTTP/1.1\r\nHost: h"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost : h"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: h\r\nX: a\x01"
                   "b"),
            400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1x"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip"), 501);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip"), 501);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked"), 501);
  EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nExpect: tea"), 417);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked", "zz\r\n\r\n"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked", "3\r\nabcXYZ\r\n"), 400);
  EXPECT_EQ(status("GET nowhere HTTP/1.1\r\nHost: h"), 400);
  EXPECT_EQ(status("CONNECT host:443 HTTP/1.1\r\nHost: h"), 400);
  EXPECT_EQ(status("GET /%zz HTTP/1.1\r\nHost: h"), 400);
}

TEST(RequestParser, limits_are_exact) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::string fits = start + std::string(kLimits.header_bytes_max - start.size() - end.size(), 'x') + end;
  EXPECT_EQ(parse(fits).requests.size(), 1u);
  const std::string too_long = start + std::string(kLimits.header_bytes_max - start.size() - end.size() + 1, 'x') + end;
  EXPECT_EQ(parse(too_long).error_status, 431);
  EXPECT_EQ(parse("GET /" + std::string(1000, 'a')).error_status, 431) << "a target without end";

  const auto sized = [](std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
           std::string(size, 'b');
  };
  EXPECT_EQ(parse(sized(kLimits.body_bytes_max)).requests.size(), 1u);
  EXPECT_EQ(parse(sized(kLimits.body_bytes_max + 1)).error_status, 413);
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse(chunked + "20\r\n" + std::string(32, 'c') + "\r\n20\r\n" + std::string(32, 'c') + "\r\n0\r\n\r\n")
                .requests.size(),
            1u);
  EXPECT_EQ(parse(chunked + "20\r\n" + std::string(32, 'c') + "\r\n21\r\n").error_status, 413);
  EXPECT_EQ(parse(chunked + "ffffffffffffffff\r\n").error_status, 413);
  EXPECT_EQ(parse(chunked + "1;" + std::string(1000, 'e')).error_status, 400) << "a chunk header without end";
  EXPECT_EQ(parse(chunked + "0\r\nT: " + std::string(1000, 't')).error_status, 400) << "a trailer without end";
}

}  // namespace
}  // namespace sixfold::net
