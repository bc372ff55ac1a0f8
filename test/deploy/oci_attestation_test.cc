// What goes along with an image: the list of its contents, and how it was made.
#include <gtest/gtest.h>

#include <set>

#include "deploy/oci/attestation.h"

namespace sixfold::deploy::oci {
namespace {

const std::string kHash(64, 'a');
const Descriptor kManifest{std::string(kManifestType), "sha256:" + std::string(64, 'b'), 7};

ImageContent content_with(std::vector<ContentItem> items) {
  return {"registry.example/bot:1.0", "linux/amd64", "0.1.0", std::move(items), "model.gguf", {"serve", "/models"}};
}

json::object spdx(const ImageContent& content) {
  return *parse_json_object(spdx_document(content, kManifest), "spdx");
}

std::vector<std::string> texts_of(const json::object& document, std::string_view list, std::string_view field) {
  std::vector<std::string> found;
  for (const json::value& row : *array_at(document, list)) found.push_back(text_at(row.as_object(), field));
  return found;
}

TEST(Spdx, files_whose_names_are_alike_are_all_listed) {
  const json::object document = spdx(content_with({{"models/a-b.json", kHash},
                                                   {"models/a_b.json", kHash},
                                                   {"models/a/b.json", kHash},
                                                   {"models/a+b.json", kHash},
                                                   {"models/\xc3\xa9.json", kHash},
                                                   {"models/--.json", kHash}}));
  EXPECT_EQ(texts_of(document, "packages", "name"),
            (std::vector<std::string>{"registry.example/bot:1.0", "models/a-b.json", "models/a_b.json",
                                      "models/a/b.json", "models/a+b.json", "models/\xc3\xa9.json", "models/--.json"}));
  const std::vector<std::string> ids = texts_of(document, "packages", "SPDXID");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  for (const std::string& id : ids) {
    ASSERT_TRUE(id.starts_with("SPDXRef-")) << id;
    EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"),
              std::string::npos)
        << id;
  }
  EXPECT_EQ(texts_of(document, "relationships", "relatedSpdxElement"), ids);
}

TEST(Spdx, a_package_is_listed_once_for_all_its_files) {
  const InstalledPackage libc{"libc6", "2.36", "amd64"};
  const json::object document = spdx(
      content_with({{"lib/libc.so.6", kHash, libc}, {"lib/libm.so.6", kHash, libc}, {"usr/bin/sixfold", kHash, {}}}));
  EXPECT_EQ(texts_of(document, "packages", "name"),
            (std::vector<std::string>{"registry.example/bot:1.0", "libc6", "usr/bin/sixfold"}));
  EXPECT_EQ(texts_of(document, "packages", "versionInfo"), (std::vector<std::string>{"", "2.36", "0.1.0"}));
  const json::object& row = array_at(document, "packages")->at(1).as_object();
  EXPECT_EQ(text_at(array_at(row, "externalRefs")->at(0).as_object(), "referenceLocator"),
            "pkg:deb/debian/libc6@2.36?arch=amd64");
}

// Source: package URL specification, "Character encoding".
TEST(Spdx, names_and_versions_are_encoded_in_package_urls) {
  const json::object document =
      spdx(content_with({{"lib/libstdc++.so.6", kHash, {"libstdc++6", "1:12.2~rc1-14+deb12u1", "amd64"}}}));
  const json::object& row = array_at(document, "packages")->at(1).as_object();
  EXPECT_EQ(text_at(row, "name"), "libstdc++6");
  EXPECT_EQ(text_at(array_at(row, "externalRefs")->at(0).as_object(), "referenceLocator"),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2~rc1-14%2Bdeb12u1?arch=amd64");
}

TEST(Spdx, packages_of_two_architectures_or_alike_names_are_two) {
  const json::object document = spdx(content_with({{"lib/a", kHash, {"libstdc++6", "1", "amd64"}},
                                                   {"lib/b", kHash, {"libstdc--6", "1", "amd64"}},
                                                   {"lib/c", kHash, {"libstdc++6", "1", "i386"}}}));
  EXPECT_EQ(array_at(document, "packages")->size(), 4U);
}

TEST(Provenance, names_every_file_with_its_hash) {
  const auto statement = parse_json_object(
      provenance_statement(content_with({{"usr/bin/sixfold", kHash}, {"models/m.gguf", kHash}}), kManifest), "in-toto");
  ASSERT_TRUE(statement.is_ok());
  const json::object* definition = object_at(*object_at(*statement, "predicate"), "buildDefinition");
  EXPECT_EQ(texts_of(*definition, "resolvedDependencies", "name"),
            (std::vector<std::string>{"usr/bin/sixfold", "models/m.gguf"}));
  EXPECT_EQ(statement->at("subject").at(0).at("digest").at("sha256"), std::string(64, 'b').c_str());
}

TEST(Referrer, has_the_type_of_its_document_and_an_empty_config) {
  const Descriptor document{std::string(kSpdxType), "sha256:" + kHash, 11};
  const auto manifest = parse_json_object(referrer_manifest(document, kManifest), "referrer");
  ASSERT_TRUE(manifest.is_ok());
  EXPECT_EQ(text_at(*manifest, "artifactType"), kSpdxType);
  EXPECT_EQ(manifest->at("subject"), json::value(kManifest.value()));
  EXPECT_EQ(manifest->at("layers"), json::value(json::array{document.value()}));
  // Source: OCI image specification, "Guidance for an Empty Descriptor".
  EXPECT_EQ(text_at(*object_at(*manifest, "config"), "digest"),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

}  // namespace
}  // namespace sixfold::deploy::oci
