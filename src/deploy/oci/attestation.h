// What goes along with an image: a list of what is in it (SPDX) and how it was made (in-toto, SLSA).
#pragma once
#include <string>
#include <vector>

#include "deploy/oci/blob_store.h"
#include "deploy/oci/installed_packages.h"

namespace sixfold::deploy::oci {

inline constexpr std::string_view kSpdxType = "application/spdx+json";
inline constexpr std::string_view kInTotoType = "application/vnd.in-toto+json";

// Everything in an image is dated like this: the same parts make the same bytes at any time.
inline constexpr std::string_view kCreated = "1970-01-01T00:00:00Z";

struct ContentItem {
  std::string name;  // "usr/bin/sixfold", "models/model.gguf"
  std::string sha256;
  InstalledPackage package = {};  // without a name: of none
};

struct ImageContent {
  std::string image;     // "registry.example/bot:1.0"
  std::string platform;  // "linux/amd64"
  std::string program_version;
  std::vector<ContentItem> items;
  std::string model_source;  // empty: none but the built-in one
  std::vector<std::string> command;
};

// SPDX 2.3 as JSON.  Source: SPDX specification 2.3, JSON format.
std::string spdx_document(const ImageContent& content, const Descriptor& manifest);

// An in-toto statement with a SLSA provenance predicate.  Source: in-toto attestation framework, Statement v1;
// SLSA 1.0.
std::string provenance_statement(const ImageContent& content, const Descriptor& manifest);

// A manifest that attaches `document` (a blob of `type`) to the image manifest `subject`.
// Source: OCI image specification, "Guidelines for Artifact Usage".
std::string referrer_manifest(const Descriptor& document, const Descriptor& subject);

// The blob "{}" that such manifests name as their config.
inline constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

}  // namespace sixfold::deploy::oci
