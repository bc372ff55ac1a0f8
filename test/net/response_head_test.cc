// Response heads and events cannot be broken out of.
#include "net/response_head.h"

#include <gtest/gtest.h>

#include "net/sse.h"

namespace sixfold::net {
namespace {

TEST(ResponseHead, leaves_out_headers_that_would_break_the_framing) {
  HttpResponse response;
  response.status = 429;
  response.content_type = "text/plain\r\nEvil: 1";
  response.headers = {
      {"Retry-After", "3"}, {"X-A", "b\r\nEvil: 2"},         {"X:\r\nEvil", "3"}, {"", "4"}, {"content-length", "5"},
      {"Connection", "x"},  {"Transfer-Encoding", "chunked"}};
  ResponseFraming framing;
  framing.content_length = 7;
  const std::string head = make_response_head(response, framing, "server", "id");
  EXPECT_EQ(head.rfind("HTTP/1.1 429 Too Many Requests\r\n", 0), 0u);
  EXPECT_NE(head.find("\r\nRetry-After: 3\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nContent-Length: 7\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Evil"), std::string::npos);
  EXPECT_EQ(head.find("chunked"), std::string::npos);
  EXPECT_EQ(head.find("Connection"), std::string::npos);
  EXPECT_EQ(head.find("\r\n\r\n"), head.size() - 4);
}

TEST(ResponseHead, date_is_in_the_one_format_of_http) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ResponseHead, request_ids_are_sane_and_differ) {
  EXPECT_TRUE(is_sane_request_id("aZ09._-"));
  EXPECT_TRUE(is_sane_request_id(std::string(128, 'a')));
  EXPECT_FALSE(is_sane_request_id(std::string(129, 'a')));
  EXPECT_FALSE(is_sane_request_id(""));
  EXPECT_FALSE(is_sane_request_id("a b"));
  EXPECT_FALSE(is_sane_request_id("a\n"));
  EXPECT_TRUE(is_sane_request_id(make_request_id()));
  EXPECT_NE(make_request_id(), make_request_id());
}

TEST(Sse, every_kind_of_line_end_starts_a_data_line) {
  EXPECT_EQ(sse_event("one"), "data: one\n\n");
  EXPECT_EQ(sse_event("a\nb\r\nc\rd", "ping"), "event: ping\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(sse_event("", ""), "data: \n\n");
  EXPECT_EQ(sse_event("x", "a\nevent: b"), "event: a\ndata: x\n\n");
  EXPECT_EQ(sse_comment("ping"), ": ping\n\n");
  EXPECT_EQ(sse_comment("a\nb"), ": a\n: b\n\n");
}

TEST(Status, has_a_text_for_every_code_that_is_answered) {
  EXPECT_EQ(status_text(429), "Too Many Requests");
  EXPECT_EQ(status_text(299), "Unknown");
}

}  // namespace
}  // namespace sixfold::net
