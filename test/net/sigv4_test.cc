// Signatures of the examples in Amazon's documentation, and of cases that their rules decide.
#include "net/sigv4.h"

#include <gtest/gtest.h>

#include "core/digest.h"

namespace sixfold::net {
namespace {

// "Examples: Signature Calculations", S3 API reference.
const AwsCredentials kExample = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
constexpr std::int64_t kExampleTime = 1369353600;  // 20130524T000000Z
const std::string kBucket = "https://examplebucket.s3.amazonaws.com";

std::string credential(const ClientRequest& request, std::string_view name) {
  for (const Header& header : request.credentials) {
    if (header.name == name) return header.value;
  }
  return {};
}

std::string signature(ClientRequest request, const SigningScope& scope = {"us-east-1", "s3"},
                      std::string_view body = "", std::int64_t time = kExampleTime) {
  EXPECT_TRUE(sign_v4(request, kExample, scope, sha256_hex(body), time).is_ok());
  const std::string header = credential(request, "Authorization");
  return header.substr(header.rfind('=') + 1);
}

TEST(SigV4, examples_of_the_documentation) {
  EXPECT_EQ(signature({.url = kBucket + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(
      signature({.method = "PUT",
                 .url = kBucket + "/test%24file.text",
                 .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
                {"us-east-1", "s3"}, "Welcome to Amazon S3."),
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(signature({.url = kBucket + "/?lifecycle"}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature({.url = kBucket + "/?prefix=J&max-keys=2"}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, another_service_signs_no_body_header) {
  const ClientRequest request{
      .method = "POST",
      .url = "https://api.sagemaker.us-east-1.amazonaws.com/",
      .headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", "SageMaker.DescribeEndpoint"}}};
  EXPECT_EQ(signature(request, {"us-east-1", "sagemaker"}, R"({"EndpointName":"e1"})", 1767225600),
            "2195282ab2375a33773c591af314c232b58de3ecdfa181371b40c1ba4df5f198");
}

TEST(SigV4, credentials_are_kept_from_other_hosts) {
  ClientRequest request{.url = kBucket + "/x"};
  AwsCredentials temporary = kExample;
  temporary.session_token = "token";
  ASSERT_TRUE(sign_v4(request, temporary, {"us-east-1", "s3"}, kUnsignedPayload, kExampleTime).is_ok());
  EXPECT_TRUE(request.headers.empty());
  EXPECT_EQ(credential(request, "X-Amz-Security-Token"), "token");
  EXPECT_EQ(credential(request, "X-Amz-Date"), "20130524T000000Z");
  EXPECT_EQ(credential(request, "X-Amz-Content-Sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_NE(credential(request, "Authorization")
                .find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"),
            std::string::npos);
}

TEST(SigV4, what_does_not_matter_does_not_change_the_signature) {
  const std::string plain = signature({.url = kBucket + "/x?a=1&b=2", .headers = {{"x-amz-meta-q", "a b"}}});
  EXPECT_EQ(signature({.url = kBucket + "/x?b=2&a=1", .headers = {{"X-Amz-Meta-Q", "  a   b "}}}), plain);
  EXPECT_EQ(signature({.url = kBucket + "/x?a=1&b=2",
                       .headers = {{"User-Agent", "u"}, {"x-amz-meta-q", "a b"}, {"Expect", "100-continue"}}}),
            plain);
}

TEST(SigV4, what_matters_does) {
  const std::string plain = signature({.url = kBucket + "/x?a=1", .headers = {{"x-amz-meta-q", "a"}}});
  EXPECT_NE(signature({.method = "PUT", .url = kBucket + "/x?a=1", .headers = {{"x-amz-meta-q", "a"}}}), plain);
  EXPECT_NE(signature({.url = kBucket + "/y?a=1", .headers = {{"x-amz-meta-q", "a"}}}), plain);
  EXPECT_NE(signature({.url = kBucket + "/x?a=2", .headers = {{"x-amz-meta-q", "a"}}}), plain);
  EXPECT_NE(signature({.url = kBucket + ":8443/x?a=1", .headers = {{"x-amz-meta-q", "a"}}}), plain);
  EXPECT_NE(signature({.url = kBucket + "/x?a=1", .headers = {{"x-amz-meta-q", "b"}}}), plain);
  EXPECT_NE(signature({.url = kBucket + "/x?a=1", .headers = {{"x-amz-meta-q", "a"}}}, {"eu-west-1", "s3"}), plain);
  EXPECT_NE(signature({.url = kBucket + "/x?a=1", .headers = {{"x-amz-meta-q", "a"}}}, {"us-east-1", "s3"}, "b"),
            plain);
}

}  // namespace
}  // namespace sixfold::net
