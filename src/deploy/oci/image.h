// From programs, libraries and a model to an image for several platforms, in a folder of blobs.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "deploy/content_hash.h"
#include "deploy/oci/blob_store.h"
#include "deploy/oci/program_files.h"

namespace sixfold::deploy::oci {

// Who the program runs as; one that owns nothing but /models and may write nowhere else but to /tmp.
inline constexpr unsigned kUser = 65532;

struct ImagePlatform {
  std::string platform;  // "linux/amd64"
  ProgramPlace place;    // of nothing, in an image without a program
};

struct ModelFile {
  std::string path;  // below /models: "model.gguf"
  std::string from;
};

struct ImageParts {
  std::string image;  // with its tag: "registry.example/bot:1.0"
  std::string title;
  std::string version;  // of the program
  std::vector<ImagePlatform> platforms;
  std::vector<ModelFile> model = {};  // empty: no layer for it
  std::string model_source = {};      // for the provenance
  bool has_program = true;            // else nothing but the model, at "/" instead of /models
  bool needs_builtin_model = true;    // else the program goes without, at a quarter less
  std::vector<std::string> command;   // behind the program: "serve", ...
  std::uint64_t port = 8080;
  std::map<std::string, std::string> environment = {};
  std::map<std::string, std::string> labels = {};
};

struct Image {
  Descriptor index;                   // of all platforms
  std::vector<Descriptor> referrers;  // manifests that are attached to a platform's
  std::vector<Descriptor> blobs;      // all of the above and all that they name
};

struct BuildOptions {
  std::function<void(std::string_view)> say = [](std::string_view) {};
  std::function<bool()> is_cancelled = {};
};

// Equal parts give equal digests, whenever and wherever (with one version of zlib).  Layers that are in the store
// already are not made again; hashes: of files that were hashed before.
// Errors: those of collect_program, of files, and not_found where this machine has no certificates.
Result<Image> build_image(const BlobStore& store, const ImageParts& parts, ContentHashes& hashes,
                          const BuildOptions& options = {});

// The index as the store's own, by which it is an OCI image layout, and what is attached in a list of its own: other
// programs want one image in an archive.
Status name_image(const BlobStore& store, const Image& image, const std::string& name);

// The image that is named so; referrers and blobs as far as they are there.  Errors: not_found, corrupt_data.
Result<Image> named_image(const BlobStore& store);
// All that an index names.  Errors: not_found where a blob is missing; corrupt_data.
Result<std::vector<Descriptor>> blobs_of(const BlobStore& store, const Descriptor& index);

}  // namespace sixfold::deploy::oci
