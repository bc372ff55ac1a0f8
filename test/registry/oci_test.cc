// Names of container registries, their challenges, and the logins that are remembered for them.
#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/digest.h"
#include "registry/auth_challenge.h"
#include "registry/docker_login.h"
#include "registry/oci_reference.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

TEST(OciReference, parts_and_defaults) {
  const auto full = parse_oci_reference("ghcr.io/org/model-x:v1.0");
  ASSERT_TRUE(full.is_ok()) << full.error().message;
  EXPECT_EQ(full->host, "ghcr.io");
  EXPECT_EQ(full->repository, "org/model-x");
  EXPECT_EQ(full->tag, "v1.0");
  EXPECT_EQ(full->base_url(), "https://ghcr.io");
  EXPECT_EQ(parse_oci_reference("localhost:5000/a/b")->base_url(), "http://localhost:5000");
  EXPECT_EQ(parse_oci_reference("127.0.0.1.evil.org/a/b")->base_url(), "https://127.0.0.1.evil.org");
  EXPECT_EQ(parse_oci_reference("localhost:5000/a/b")->text(), "localhost:5000/a/b:latest");
  EXPECT_EQ(parse_oci_reference("ai/smollm2")->text(), "docker.io/ai/smollm2:latest");
  EXPECT_EQ(parse_oci_reference("ai/smollm2")->base_url(), "https://registry-1.docker.io");
  EXPECT_EQ(parse_oci_reference("name")->repository, "library/name");
  const std::string digest = "sha256:" + sha256_hex("x");
  EXPECT_EQ(parse_oci_reference("h.io/a@" + digest)->text(), "h.io/a@" + digest);
  EXPECT_EQ(parse_oci_reference("h.io/a:t@" + digest)->version(), digest);
}

TEST(OciReference, others_are_refused) {
  for (const char* text :
       {"", "h.io/", "h.io/A", "h.io/a//b", "h.io/a/../b", "h.io/-a", "h.io/a-", "h.io/a:", "h.io/a:-t", "h.io/a:t/x",
        "h.io/a@sha256:12", "h.io/a@md5:12", "h.io/a b", "h.io/a?x", "user@h.io/a"}) {
    EXPECT_FALSE(parse_oci_reference(text).is_ok()) << text;
  }
}

TEST(AuthChallenge, commas_within_quotes_belong_to_the_value) {
  const auto challenge = parse_auth_challenge(
      R"(Bearer realm="https://auth/token",service="reg.io",scope="repository:a/b:pull,push", error=x)");
  ASSERT_TRUE(challenge.has_value());
  EXPECT_EQ(challenge->scheme, "bearer");
  EXPECT_EQ(challenge->parameter("realm"), "https://auth/token");
  EXPECT_EQ(challenge->parameter("scope"), "repository:a/b:pull,push");
  EXPECT_EQ(challenge->parameter("error"), "x");
  EXPECT_EQ(challenge->parameter("none"), "");
  EXPECT_EQ(parse_auth_challenge(R"(Basic realm="a \"b\"")")->parameter("realm"), "a \"b\"");
}

TEST(AuthChallenge, others_are_refused) {
  for (const char* text :
       {"", " ", "Bearer realm", "Bearer realm=\"open", "Bearer =x", "Bearer a b=c", "Bearer a=\"x\\"}) {
    EXPECT_FALSE(parse_auth_challenge(text).has_value()) << text;
  }
}

TEST(DockerLogin, is_found_where_docker_and_podman_keep_it) {
  TemporaryFolder folder;
  std::vector<std::pair<std::string, std::string>> set;
  const Environment environment = [&](const std::string& name) {
    for (const auto& [key, value] : set) {
      if (key == name) return value;
    }
    return std::string();
  };
  const std::string pair = base64("me:pass:word");
  write_all(folder.at("docker/config.json"),
            R"({"auths":{"h.io":{"auth":")" + pair + R"("},"t.io":{"identitytoken":"tok"},)" +
                R"("https://index.docker.io/v1/":{"auth":")" + pair + R"("},"bad.io":{"auth":"!"},"odd.io":5}})");
  set = {{"DOCKER_CONFIG", folder.at("docker")}};
  EXPECT_EQ(find_docker_login(environment, "h.io").user, "me");
  EXPECT_EQ(find_docker_login(environment, "h.io").password, "pass:word");
  EXPECT_EQ(find_docker_login(environment, "t.io").identity_token, "tok");
  EXPECT_EQ(find_docker_login(environment, "docker.io").user, "me");
  for (const char* host : {"bad.io", "odd.io", "other.io", ""}) {
    EXPECT_TRUE(find_docker_login(environment, host).is_empty()) << host;
  }
  write_all(folder.at("auth.json"), R"({"auths":{"h.io":{"username":"you","password":"p"}}})");
  set.emplace_back("REGISTRY_AUTH_FILE", folder.at("auth.json"));
  EXPECT_EQ(find_docker_login(environment, "h.io").user, "you");
  set = {{"REGISTRY_AUTH_FILE", folder.at("none")}, {"HOME", folder.at("home")}};
  EXPECT_TRUE(find_docker_login(environment, "h.io").is_empty());
}

}  // namespace
}  // namespace sixfold::registry
