// What S3's names, settings, listings and errors mean, and what is refused.
#include <gtest/gtest.h>

#include "core/digest.h"
#include "registry/aws/config_file.h"
#include "registry/aws/login.h"
#include "registry/aws/s3_endpoint.h"
#include "registry/aws/s3_name.h"
#include "registry/aws/s3_objects.h"
#include "registry/aws/xml.h"
#include "registry/pushed_list.h"
#include "set_environment.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

TEST(S3Name, parts) {
  const auto object = parse_s3_name("//my.bucket-1/a b/c:d.gguf");
  ASSERT_TRUE(object.is_ok()) << object.error().message;
  EXPECT_EQ(object->bucket, "my.bucket-1");
  EXPECT_EQ(object->key, "a b/c:d.gguf");
  EXPECT_FALSE(object->is_folder());
  EXPECT_EQ(object->text(), "s3:my.bucket-1/a b/c:d.gguf");
  const auto folder = parse_s3_name("bucket/models/tiny/:Q8_0");
  EXPECT_EQ(folder->key, "models/tiny/");
  EXPECT_EQ(folder->quantization, "Q8_0");
  EXPECT_TRUE(folder->is_folder());
  EXPECT_EQ(folder->text(), "s3:bucket/models/tiny/:Q8_0");
  EXPECT_TRUE(parse_s3_name("bucket")->is_folder());
  EXPECT_EQ(parse_s3_name("bucket/:q4_0")->quantization, "q4_0");
  const std::string hash = sha256_hex("x");
  const auto pinned = parse_s3_name("bucket/a#b.gguf#sha256=" + hash);
  EXPECT_EQ(pinned->key, "a#b.gguf");
  EXPECT_EQ(pinned->sha256, hash);
  EXPECT_EQ(pinned->text(), "s3:bucket/a#b.gguf#sha256=" + hash);
}

TEST(S3Name, others_are_refused) {
  for (const std::string& text :
       {std::string(""), std::string("ab/x"), std::string("Bucket/x"), std::string("bucket_1/x"),
        std::string("-bucket/x"), std::string("bucket-/x"), std::string("a..b/x"), std::string("user@host/x"),
        std::string(64, 'a') + "/x", std::string("bucket//x"), std::string("bucket/a\nb"), std::string("bucket/\xff"),
        std::string("bucket/a/:"), "bucket/" + std::string(1025, 'k'), std::string("bucket/x#sha256=12"),
        "bucket/x/#sha256=" + sha256_hex("x")}) {
    EXPECT_FALSE(parse_s3_name(text).is_ok()) << text;
  }
}

AwsProfiles profiles_of(const TemporaryFolder& folder, SetEnvironment& environment, const std::string& config,
                        const std::string& credentials = "") {
  write_all(folder.at(".aws/config"), config);
  write_all(folder.at(".aws/credentials"), credentials);
  environment.set("HOME", folder.path());
  auto profiles = AwsProfiles::read(environment);
  EXPECT_TRUE(profiles.is_ok()) << profiles.error().message;
  return *std::move(profiles);
}

TEST(AwsFile, sections_nested_keys_and_comments) {
  const auto sections = parse_aws_file(
      "lost = 1\n# note\n[default]\r\nregion = eu-west-1 \r\n; note\ns3 =\n  addressing_style = path\n\tmax = 3\n"
      "output=json\n[ profile   work ]\nkey = a=b\nnothing\n[open\nkey = lost\n");
  EXPECT_EQ(sections.at("default").at("region"), "eu-west-1");
  EXPECT_EQ(sections.at("default").at("s3.addressing_style"), "path");
  EXPECT_EQ(sections.at("default").at("s3.max"), "3");
  EXPECT_EQ(sections.at("default").at("output"), "json");
  EXPECT_EQ(sections.at("profile work").at("key"), "a=b");
  EXPECT_EQ(sections.size(), 2u);
}

TEST(AwsProfiles, the_credentials_file_wins_and_unknown_profiles_are_named) {
  const TemporaryFolder folder;
  SetEnvironment environment;
  const AwsProfiles profiles =
      profiles_of(folder, environment, "[profile work]\nkey = config\nregion = r\n", "[work]\nkey = credentials\n");
  EXPECT_EQ(profiles.value("work", "key"), "credentials");
  EXPECT_EQ(profiles.value("work", "region"), "r");
  EXPECT_EQ(profiles.chosen(), "default");
  environment.set("AWS_PROFILE", "other");
  const auto refused = AwsProfiles::read(environment);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_NE(refused.error().message.find("\"other\""), std::string::npos);
}

TEST(S3Endpoint, addresses_of_amazon_and_others) {
  const TemporaryFolder folder;
  SetEnvironment environment;
  const AwsProfiles none = profiles_of(folder, environment, "");
  const auto url = [&](const std::string& bucket) {
    const auto endpoint = find_s3_endpoint(environment, none, bucket);
    return endpoint.is_ok() ? endpoint->url(bucket, "a b/c", "x=1") : endpoint.error().message;
  };
  EXPECT_EQ(url("bucket"), "https://bucket.s3.us-east-1.amazonaws.com/a%20b/c?x=1");
  EXPECT_EQ(url("my.bucket"), "https://s3.us-east-1.amazonaws.com/my.bucket/a%20b/c?x=1");
  environment.set("AWS_DEFAULT_REGION", "cn-north-1");
  EXPECT_EQ(url("bucket"), "https://bucket.s3.cn-north-1.amazonaws.com.cn/a%20b/c?x=1");
  environment.set("AWS_REGION", "eu-west-1");
  EXPECT_EQ(url("bucket"), "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/c?x=1");
  environment.set("AWS_REGION", "evil.org/");
  EXPECT_NE(url("bucket").find("region"), std::string::npos);
  environment.set("AWS_REGION", "");
  environment.set("AWS_ENDPOINT_URL", "http://h:1/");
  EXPECT_EQ(url("bucket"), "http://h:1/bucket/a%20b/c?x=1");
  environment.set("AWS_ENDPOINT_URL_S3", "http://s:2");
  EXPECT_EQ(url("bucket"), "http://s:2/bucket/a%20b/c?x=1");
  environment.set("SIXFOLD_S3_ADDRESSING", "virtual");
  EXPECT_EQ(url("bucket"), "http://bucket.s:2/a%20b/c?x=1");
  environment.set("SIXFOLD_S3_ADDRESSING", "odd");
  EXPECT_NE(url("bucket").find("path, virtual or auto"), std::string::npos);
  environment.set("SIXFOLD_S3_ADDRESSING", "");
  environment.set("AWS_ENDPOINT_URL_S3", "ftp://h");
  EXPECT_NE(url("bucket").find("want http"), std::string::npos);
  environment.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
  EXPECT_EQ(url("bucket"), "https://bucket.s3.cn-north-1.amazonaws.com.cn/a%20b/c?x=1");
}

TEST(S3Page, keys_are_decoded_and_pages_continued) {
  const auto page = parse_s3_page(
      R"(<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><ListBucketResult xmlns="http://s3"><EncodingType>url</EncodingType>)"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>"
      "<Contents><Key>a%20b/c%2Bd+e</Key></Contents><Contents><Key>x</Key></Contents></ListBucketResult>",
      "x");
  ASSERT_TRUE(page.is_ok()) << page.error().message;
  EXPECT_EQ(page->keys, (std::vector<std::string>{"a b/c+d e", "x"}));
  EXPECT_EQ(page->continuation, "a&b");
  const auto plain = parse_s3_page("<ListBucketResult><Contents><Key>a%20b</Key></Contents></ListBucketResult>", "x");
  EXPECT_EQ(plain->keys, std::vector<std::string>{"a%20b"});
  EXPECT_EQ(plain->continuation, "");
}

TEST(S3Page, every_truncation_and_odd_listings_are_refused) {
  const std::string good =
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t"
      "</NextContinuationToken><Contents><Key>k</Key></Contents></ListBucketResult>";
  ASSERT_TRUE(parse_s3_page(good, "x").is_ok());
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(parse_s3_page(good.substr(0, bytes), "x").is_ok()) << bytes;
  }
  for (const char* text : {"<a/>", "<ListBucketResult><Contents><Key/></Contents></ListBucketResult>",
                           "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents>"
                           "</ListBucketResult>",
                           "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_FALSE(parse_s3_page(text, "x").is_ok()) << text;
  }
}

TEST(AwsError, both_forms_and_anything_else) {
  const AwsError s3 = parse_aws_error(
      "<Error><Code>SlowDown</Code><Message>a\nb</Message><Region>eu-west-1</Region><RequestId>1</RequestId></Error>");
  EXPECT_EQ(s3.code, "SlowDown");
  EXPECT_EQ(s3.message, "a b");
  EXPECT_EQ(s3.region, "eu-west-1");
  EXPECT_EQ(s3.request_id, "1");
  const AwsError other = parse_aws_error(
      "<ErrorResponse><Error><Code>ExpiredToken</Code></Error><RequestId>2</RequestId></ErrorResponse>");
  EXPECT_EQ(other.code, "ExpiredToken");
  EXPECT_EQ(other.request_id, "2");
  for (const char* text : {"", "no", "<html>", "<Error>", "<Other/>"})
    EXPECT_EQ(parse_aws_error(text).code, "") << text;
  EXPECT_LT(parse_aws_error("<Error><Message>" + std::string(9999, 'x') + "</Message></Error>").message.size(), 1000u);
}

TEST(IsoTime, forms) {
  EXPECT_EQ(parse_iso_time("2013-05-24T00:00:00Z"), 1369353600);
  EXPECT_EQ(parse_iso_time("2013-05-24T00:00:00.123Z"), 1369353600);
  EXPECT_EQ(parse_iso_time("2013-05-24T00:00:00+00:00"), 1369353600);
  EXPECT_EQ(parse_iso_time("2013-05-24T00:00:00UTC"), 1369353600);
  for (const char* text : {"", "x", "2013-05-24", "2013-05-24T00:00:00", "2013-05-24T00:00:00+02:00"}) {
    EXPECT_FALSE(parse_iso_time(text).has_value()) << text;
  }
}

TEST(PushedList, comes_back_and_bad_ones_are_refused) {
  const std::vector<RecordedFile> files = {{"a/b.gguf", 12, sha256_hex("x")}, {"config.json", 3, sha256_hex("y")}};
  const std::string text = pushed_list_json(files);
  const auto again = parse_pushed_list(text, "x");
  ASSERT_TRUE(again.is_ok()) << again.error().message;
  ASSERT_EQ(again->size(), 2u);
  EXPECT_EQ(again->front().path, "a/b.gguf");
  EXPECT_EQ(again->front().bytes, 12u);
  EXPECT_EQ(again->front().sha256, sha256_hex("x"));
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    EXPECT_FALSE(parse_pushed_list(text.substr(0, bytes), "x").is_ok()) << bytes;
  }
  EXPECT_FALSE(parse_pushed_list(R"({"version":2,"files":[]})", "x").is_ok());
  EXPECT_FALSE(parse_pushed_list(R"({"version":1,"files":[]})", "x").is_ok());
  EXPECT_FALSE(parse_pushed_list(
                   R"({"version":1,"files":[{"path":"../x","bytes":1,"sha256":")" + sha256_hex("x") + R"("}]})", "x")
                   .is_ok());
  EXPECT_FALSE(parse_pushed_list(R"({"version":1,"files":[{"path":"x","bytes":1,"sha256":""}]})", "x").is_ok());
}

}  // namespace
}  // namespace sixfold::registry
