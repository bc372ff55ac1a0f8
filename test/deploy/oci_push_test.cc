// Pushes to a registry that checks what registries check: that all that a manifest names is there before it.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>
#include <mutex>

#include "../registry/file_server.h"
#include "core/digest.h"
#include "deploy/oci/push_image.h"
#include "made_image.h"

namespace sixfold::deploy::oci {
namespace {

class FakeRegistry {
 public:
  // lists_referrers: as the specification's newer version wants it.
  explicit FakeRegistry(bool lists_referrers) : lists_referrers_(lists_referrers) {
    net::HttpServerOptions options;
    options.port = 0;
    options.threads = 1;
    net::Router router;
    for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE"}) {
      router.add({method, "/v2/team/bot/{path...}",
                  [this](const net::HttpRequest& request, std::shared_ptr<net::ResponseWriter> to) {
                    const std::lock_guard lock(mutex_);
                    to->send(answer(request, std::string(request.path_value("path"))));
                  }});
    }
    auto started = net::HttpServer::start(std::move(options), std::move(router));
    EXPECT_TRUE(started.is_ok());
    server_ = std::move(*started);
  }
  ~FakeRegistry() { server_.reset(); }

  registry::OciSession session() const {
    const auto reference = registry::parse_oci_reference(fmt::format("127.0.0.1:{}/team/bot:1.0", server_->port()));
    EXPECT_TRUE(reference.is_ok());
    return {*reference, {}, registry::quick_http()};
  }

  // Only between pushes.
  std::map<std::string, std::string> blobs;      // by digest
  std::map<std::string, std::string> manifests;  // by digest and by tag
  std::vector<std::string> order;                // of what was put under manifests/
  std::size_t blobs_max = SIZE_MAX;              // further ones are refused

 private:
  static net::HttpResponse status(int code, std::vector<net::Header> headers = {}) {
    return {.status = code, .headers = std::move(headers)};
  }

  net::HttpResponse answer(const net::HttpRequest& request, const std::string& path) {
    const std::string name = path.substr(path.find('/') + 1);
    if (path.starts_with("blobs/uploads")) return take_blob(request);
    if (path.starts_with("blobs/")) return status(blobs.contains(name) ? 200 : 404);
    if (!path.starts_with("manifests/")) return status(404);
    if (request.method == "PUT") return take_manifest(name, request.body);
    const auto found = manifests.find(name);
    if (found == manifests.end()) return status(404);
    return {.content_type = std::string(kIndexType), .body = found->second};
  }

  net::HttpResponse take_blob(const net::HttpRequest& request) {
    if (request.method == "POST") return status(202, {{"Location", "/v2/team/bot/blobs/uploads/1"}});
    if (request.method != "PUT") return status(204);
    const std::string digest(request.query_value("digest"));
    if (blobs.size() >= blobs_max) return status(403);
    if (digest != sha256_digest(sha256_hex(request.body))) return status(400);
    blobs[digest] = request.body;
    return status(201);
  }

  net::HttpResponse take_manifest(const std::string& name, const std::string& text) {
    const auto document = parse_json_object(text, name);
    if (!document.is_ok()) return status(400);
    const auto has_all = [&](std::string_view list, const std::map<std::string, std::string>& there) {
      const json::array* rows = array_at(*document, list);
      return rows == nullptr || std::all_of(rows->begin(), rows->end(), [&](const json::value& row) {
               return there.contains(text_at(row.as_object(), "digest"));
             });
    };
    const json::object* config = object_at(*document, "config");
    if (config != nullptr && !blobs.contains(text_at(*config, "digest"))) return status(400);
    if (!has_all("layers", blobs) || !has_all("manifests", manifests)) return status(400);
    const std::string digest = sha256_digest(sha256_hex(text));
    manifests[digest] = manifests[name] = text;
    order.push_back(name);
    std::vector<net::Header> headers = {{"Docker-Content-Digest", digest}};
    const json::object* subject = object_at(*document, "subject");
    if (lists_referrers_ && subject != nullptr) headers.push_back({"OCI-Subject", text_at(*subject, "digest")});
    return status(201, std::move(headers));
  }

  const bool lists_referrers_;
  std::mutex mutex_;
  std::unique_ptr<net::HttpServer> server_;
};

class Push : public testing::Test {
 protected:
  Result<PushedImage> push(FakeRegistry& to) {
    registry::OciSession session = to.session();
    return push_image(made_.store(), session);
  }

  MadeImage made_;
  const Image image_ = made_.build();
};

TEST_F(Push, the_name_comes_last_and_a_second_push_sends_nothing) {
  FakeRegistry to(true);
  const auto first = push(to);
  ASSERT_TRUE(first.is_ok()) << first.error().message;
  EXPECT_EQ(first->digest, image_.index.digest);
  EXPECT_EQ(to.order.back(), "1.0");
  EXPECT_EQ(sha256_digest(sha256_hex(to.manifests.at("1.0"))), image_.index.digest);
  std::uint64_t bytes = 0;
  for (const auto& [digest, content] : to.blobs) bytes += content.size();
  EXPECT_EQ(first->sent, bytes);
  EXPECT_GT(first->bytes, first->sent) << "manifests count too";
  for (const Descriptor& referrer : image_.referrers) EXPECT_TRUE(to.manifests.contains(referrer.digest));
  const auto second = push(to);
  ASSERT_TRUE(second.is_ok());
  EXPECT_EQ(second->sent, 0U);
  EXPECT_EQ(second->bytes, first->bytes);
}

TEST_F(Push, a_registry_that_lists_referrers_gets_no_tags_for_them) {
  FakeRegistry to(true);
  ASSERT_TRUE(push(to).is_ok());
  for (const std::string& name : to.order) EXPECT_FALSE(name.starts_with("sha256-")) << name;
}

TEST_F(Push, one_that_does_not_gets_them_under_a_tag_beside_those_of_others) {
  FakeRegistry to(false);
  ASSERT_TRUE(push(to).is_ok());
  std::vector<std::string> tags;
  for (const std::string& name : to.order) {
    if (name.starts_with("sha256-")) tags.push_back(name);
  }
  ASSERT_EQ(tags.size(), 2U) << "one for each platform";
  const auto rows_at = [&](const std::string& tag) {
    return *array_at(*parse_json_object(to.manifests.at(tag), tag), "manifests");
  };
  ASSERT_EQ(rows_at(tags[0]).size(), 2U);
  const std::string other = "{\"schemaVersion\":2}";
  const std::string digest = sha256_digest(sha256_hex(other));
  to.manifests[digest] = other;
  to.manifests[tags[0]] = json::serialize(json::object{
      {"schemaVersion", 2}, {"manifests", json::array{Descriptor{std::string(kManifestType), digest, 19}.value()}}});
  ASSERT_TRUE(push(to).is_ok());
  ASSERT_EQ(rows_at(tags[0]).size(), 3U);
  EXPECT_EQ(text_at(rows_at(tags[0]).at(0).as_object(), "digest"), digest);
  const std::size_t puts = to.order.size();
  ASSERT_TRUE(push(to).is_ok());
  EXPECT_EQ(std::count_if(to.order.begin() + static_cast<std::ptrdiff_t>(puts), to.order.end(),
                          [](const std::string& name) { return name.starts_with("sha256-"); }),
            0)
      << "nothing new to say";
}

TEST_F(Push, a_failure_gives_no_name_and_the_next_push_goes_on) {
  FakeRegistry to(true);
  to.blobs_max = 2;
  EXPECT_EQ(push(to).error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(to.manifests.empty());
  ASSERT_EQ(to.blobs.size(), 2U);
  std::uint64_t there = 0;
  for (const auto& [digest, content] : to.blobs) there += content.size();
  to.blobs_max = SIZE_MAX;
  const auto pushed = push(to);
  ASSERT_TRUE(pushed.is_ok()) << pushed.error().message;
  std::uint64_t all = 0;
  for (const auto& [digest, content] : to.blobs) all += content.size();
  EXPECT_EQ(pushed->sent, all - there);
}

TEST_F(Push, a_damaged_blob_is_refused) {
  FakeRegistry to(true);
  const auto largest = std::max_element(image_.blobs.begin(), image_.blobs.end(),
                                        [](const auto& left, const auto& right) { return left.bytes < right.bytes; });
  const std::string path = made_.store().path_of(largest->digest);
  registry::write_all(path, std::string(largest->bytes, 'x'));
  EXPECT_FALSE(push(to).is_ok());
  EXPECT_FALSE(to.manifests.contains("1.0"));
  EXPECT_FALSE(to.blobs.contains(largest->digest));
}

}  // namespace
}  // namespace sixfold::deploy::oci
