// Names as Kubernetes' documentation has them, at their limits.
#include "deploy/kubernetes/names.h"

#include <gtest/gtest.h>

#include <string>

namespace sixfold::deploy::kubernetes {
namespace {

TEST(KubernetesNames, dns_labels) {
  for (const std::string good : {"a", "bot", "support-bot", "a1"}) EXPECT_TRUE(is_dns_label(good)) << good;
  for (const std::string bad : {"", "1a", "-a", "a-", "A", "a_b", "a.b", "a b"}) EXPECT_FALSE(is_dns_label(bad)) << bad;
  EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
  EXPECT_FALSE(is_dns_label(std::string(64, 'a')));
}

TEST(KubernetesNames, subdomains) {
  for (const std::string good : {"a", "a.b", "1.a", "bot.example", "a-b.c"})
    EXPECT_TRUE(is_dns_subdomain(good)) << good;
  for (const std::string bad : {"", ".", "a.", ".a", "a..b", "A.b", "a_b"}) EXPECT_FALSE(is_dns_subdomain(bad)) << bad;
}

TEST(KubernetesNames, labels) {
  for (const std::string good : {"", "1.0", "a_b-c.d", "A"}) EXPECT_TRUE(is_label_value(good)) << good;
  for (const std::string bad : {"-a", "a-", "a b", "a/b"}) EXPECT_FALSE(is_label_value(bad)) << bad;
  for (const std::string good : {"a", "release", "example.com/a"}) EXPECT_TRUE(is_label_name(good)) << good;
  for (const std::string bad : {"", "/a", "a/", "a/b/c", "Example/a"}) EXPECT_FALSE(is_label_name(bad)) << bad;
}

TEST(KubernetesNames, quantities) {
  for (const std::string good : {"1", "0.5", "500m", "4Gi", "1.5Ti", "100k"}) EXPECT_TRUE(is_quantity(good)) << good;
  for (const std::string bad : {"", "0", "Gi", "1gi", "-1", "1 Gi", "1.", ".5", "1e3", "1GiB", "0m"}) {
    EXPECT_FALSE(is_quantity(bad)) << bad;
  }
}

TEST(KubernetesNames, images) {
  for (const std::string good : {"registry.example/bot:1.0", "localhost:5000/a/b", "bot"})
    EXPECT_TRUE(is_image(good)) << good;
  EXPECT_TRUE(is_image("r.example/b@sha256:" + std::string(64, 'a')));
  for (const std::string bad : {"", "https://r.example/b", "r.example/B:1", "r.example/b:", "r.example/b@sha256:12"}) {
    EXPECT_FALSE(is_image(bad)) << bad;
  }
}

TEST(KubernetesNames, a_name_for_people_becomes_a_label) {
  EXPECT_EQ(dns_label_of("My Bot"), "my-bot");
  EXPECT_EQ(dns_label_of("7 dwarfs"), "dwarfs");
  EXPECT_EQ(dns_label_of("--"), "");
  EXPECT_EQ(dns_label_of("a__b!"), "a-b");
}

}  // namespace
}  // namespace sixfold::deploy::kubernetes
