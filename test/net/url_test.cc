// Addresses: parts, relative references, origins, and what messages may show.
#include "net/url.h"

#include <gtest/gtest.h>

namespace sixfold::net {
namespace {

TEST(Url, parts_are_taken_apart_and_joined_without_secrets) {
  const auto url = parse_url("HTTPS://us%40er:pa%3Ass@Example.COM:8443/a%20b/c?x=1&y=%2F#frag");
  ASSERT_TRUE(url.is_ok()) << url.error().message;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a%20b/c");
  EXPECT_EQ(url->query, "x=1&y=%2F");
  EXPECT_EQ(url->user, "us@er");
  EXPECT_EQ(url->password, "pa:ss");
  EXPECT_EQ(url->text(), "https://example.com:8443/a%20b/c?x=1&y=%2F");
}

TEST(Url, port_of_the_scheme_is_implied) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h:443/")->authority(), "h");
  EXPECT_EQ(parse_url("http://[::1]:5000/")->authority(), "[::1]:5000");
  EXPECT_EQ(parse_url("http://h")->text(), "http://h/");
}

TEST(Url, other_things_are_refused) {
  for (const char* text : {"", "h/path", "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "http://h:0/",
                           "http://h:99999/", "http://h/a b", "http://h/\r\nX: y", "http://h/%zz"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.is_ok()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Url, references_resolve_against_the_address_that_gave_them) {
  const Url base = *parse_url("https://h:1/a/b?q=1");
  EXPECT_EQ(resolve_url(base, "/x?y")->text(), "https://h:1/x?y");
  EXPECT_EQ(resolve_url(base, "c")->text(), "https://h:1/a/c");
  EXPECT_EQ(resolve_url(base, "//other/z")->text(), "https://other/z");
  EXPECT_EQ(resolve_url(base, "http://other/z")->text(), "http://other/z");
  EXPECT_FALSE(resolve_url(base, "javascript:alert(1)").is_ok());
  EXPECT_FALSE(resolve_url(base, "file:///etc/passwd").is_ok());
}

TEST(Url, origin_is_scheme_host_and_port) {
  const Url base = *parse_url("https://h/a");
  EXPECT_TRUE(have_same_origin(base, *parse_url("https://H:443/b")));
  EXPECT_FALSE(have_same_origin(base, *parse_url("http://h/a")));
  EXPECT_FALSE(have_same_origin(base, *parse_url("https://h:444/a")));
  EXPECT_FALSE(have_same_origin(base, *parse_url("https://h.evil/a")));
}

TEST(Url, messages_show_neither_user_nor_query) {
  EXPECT_EQ(shown_url("https://me:secret@h/p?sig=secret#x"), "https://h/p");
  EXPECT_EQ(shown_url("https://me:se@cret@h/p@q"), "https://h/p@q");
  EXPECT_EQ(shown_url("not a url?secret"), "not a url");
  EXPECT_EQ(shown_url("http://h/\r\n"), "http://h/??");
  EXPECT_EQ(parse_url("ftp://me:secret@h/?secret").error().message.find("secret"), std::string::npos);
}

TEST(Url, percent_encoding_keeps_only_unreserved_letters) {
  EXPECT_EQ(percent_encode("aZ0-._~/ +%\xC3\xA9"), "aZ0-._~%2F%20%2B%25%C3%A9");
  EXPECT_EQ(percent_encode("a/b c", Slash::kKept), "a/b%20c");
}

}  // namespace
}  // namespace sixfold::net
