// Three documents of one image; nothing here reads a file or a clock.
#include "deploy/oci/attestation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>

#include "core/digest.h"
#include "net/url.h"

namespace sixfold::deploy::oci {
namespace {

// "SPDXRef-" takes letters, digits, dots and dashes; all else is a dash and two hex digits, a dash too, so that
// different names never become one.
std::string spdx_id(std::string_view kind, std::string_view name) {
  std::string id = fmt::format("SPDXRef-{}-", kind);
  for (const char letter : name) {
    const bool is_good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9') || letter == '.';
    if (is_good) {
      id += letter;
    } else {
      id += fmt::format("-{:02x}", static_cast<unsigned char>(letter));
    }
  }
  return id;
}

// Source: package URL specification, "Character encoding": a colon stays.
std::string purl_part(std::string_view text) {
  std::string part;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    part += net::percent_encode(text.substr(begin, end - begin));
    if (end < text.size()) part += ':';
    begin = end + 1;
  }
  return part;
}

json::object package_row(const std::string& id, const std::string& name, const std::string& version) {
  json::object row = {{"SPDXID", id}, {"name", name}};
  if (!version.empty()) row["versionInfo"] = version;
  row["downloadLocation"] = "NOASSERTION";
  row["filesAnalyzed"] = false;
  row["licenseConcluded"] = "NOASSERTION";
  row["licenseDeclared"] = "NOASSERTION";
  row["copyrightText"] = "NOASSERTION";
  return row;
}

json::array package_url(const std::string& url) {
  return {json::object{{"referenceCategory", "PACKAGE-MANAGER"}, {"referenceType", "purl"}, {"referenceLocator", url}}};
}

json::object relation(const std::string& from, std::string_view kind, const std::string& to) {
  return {{"spdxElementId", from}, {"relationshipType", json_text(kind)}, {"relatedSpdxElement", to}};
}

json::object digest_map(std::string_view sha256) {
  return {{"sha256", json_text(sha256)}};
}

std::string hex_of(const Descriptor& blob) {
  return blob.digest.substr(kSha256Prefix.size());
}

}  // namespace

std::string spdx_document(const ImageContent& content, const Descriptor& manifest) {
  const std::string root = "SPDXRef-image";
  json::array packages, relations;
  json::object image = package_row(root, content.image, {});
  image["primaryPackagePurpose"] = "CONTAINER";
  image["checksums"] = json::array{json::object{{"algorithm", "SHA256"}, {"checksumValue", hex_of(manifest)}}};
  packages.push_back(std::move(image));
  relations.push_back(relation("SPDXRef-DOCUMENT", "DESCRIBES", root));
  std::set<std::string> listed;
  for (const ContentItem& item : content.items) {
    const bool has_package = !item.package.name.empty();
    const std::string id =
        has_package ? spdx_id("deb", item.package.name + ":" + item.package.architecture) : spdx_id("file", item.name);
    if (!listed.insert(id).second) continue;  // several files of one package
    const std::string version = item.name == "usr/bin/sixfold" ? content.program_version : std::string();
    json::object row =
        package_row(id, has_package ? item.package.name : item.name, has_package ? item.package.version : version);
    if (has_package) {
      row["externalRefs"] =
          package_url(fmt::format("pkg:deb/debian/{}@{}?arch={}", purl_part(item.package.name),
                                  purl_part(item.package.version), purl_part(item.package.architecture)));
    } else {
      row["checksums"] = json::array{json::object{{"algorithm", "SHA256"}, {"checksumValue", item.sha256}}};
    }
    packages.push_back(std::move(row));
    relations.push_back(relation(root, "CONTAINS", id));
  }
  const json::object document = {
      {"spdxVersion", "SPDX-2.3"},
      {"dataLicense", "CC0-1.0"},
      {"SPDXID", "SPDXRef-DOCUMENT"},
      {"name", fmt::format("{} ({})", content.image, content.platform)},
      {"documentNamespace", "urn:sixfold:image:" + manifest.digest},
      {"creationInfo",
       json::object{{"created", json_text(kCreated)},
                    {"creators", json::array{json::value("Tool: sixfold-" + content.program_version)}}}},
      {"packages", std::move(packages)},
      {"relationships", std::move(relations)}};
  return json::serialize(document);
}

std::string provenance_statement(const ImageContent& content, const Descriptor& manifest) {
  json::array materials;
  for (const ContentItem& item : content.items) {
    materials.push_back(json::object{{"name", item.name}, {"digest", digest_map(item.sha256)}});
  }
  const json::object definition = {
      {"buildType", "urn:sixfold:container:v1"},
      {"externalParameters", json::object{{"image", content.image},
                                          {"platform", content.platform},
                                          {"model", content.model_source},
                                          {"command", json::array(content.command.begin(), content.command.end())}}},
      {"resolvedDependencies", std::move(materials)}};
  const json::object builder = {{"id", "urn:sixfold:deploy"},
                                {"version", json::object{{"sixfold", content.program_version}}}};
  const json::object statement = {
      {"_type", "https://in-toto.io/Statement/v1"},
      {"subject", json::array{json::object{{"name", content.image}, {"digest", digest_map(hex_of(manifest))}}}},
      {"predicateType", "https://slsa.dev/provenance/v1"},
      {"predicate", json::object{{"buildDefinition", definition}, {"runDetails", json::object{{"builder", builder}}}}}};
  return json::serialize(statement);
}

std::string referrer_manifest(const Descriptor& document, const Descriptor& subject) {
  const Descriptor empty{std::string(kEmptyType), sha256_digest(sha256_hex("{}")), 2};
  return json::serialize(
      json::object{{"schemaVersion", 2},
                   {"mediaType", json_text(kManifestType)},
                   {"artifactType", document.media_type},
                   {"config", empty.value()},
                   {"layers", json::array{document.value()}},
                   {"subject", subject.value()},
                   {"annotations", json::object{{"org.opencontainers.image.created", json_text(kCreated)}}}});
}

}  // namespace sixfold::deploy::oci
