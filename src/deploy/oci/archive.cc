// Source: OCI image specification, "Image Layout"; the list manifest.json is that of `docker save`.
#include "deploy/oci/archive.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>

#include "core/error.h"
#include "core/text_file.h"
#include "formats/file_replacement.h"

namespace sixfold::deploy::oci {
namespace {

std::string blob_path(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(kSha256Prefix.size());
}

// The manifest of one platform, of an image that may have several.
Result<Descriptor> manifest_for(const BlobStore& store, const Descriptor& index, std::string_view preferred) {
  SIXFOLD_TRY(const json::object document, store.document(index));
  const json::array* manifests = array_at(document, "manifests");
  if (manifests == nullptr || manifests->empty()) return corrupt_data("{}: want manifests", index.digest);
  const json::value* chosen = &manifests->front();
  for (const json::value& value : *manifests) {
    const json::object* row = value.if_object();
    const json::object* platform = row == nullptr ? nullptr : object_at(*row, "platform");
    if (platform != nullptr && text_at(*platform, "os") + "/" + text_at(*platform, "architecture") == preferred) {
      chosen = &value;
    }
  }
  return parse_descriptor(*chosen, index.digest);
}

Result<std::string> docker_list(const BlobStore& store, const Descriptor& index, const std::string& name,
                                std::string_view preferred) {
  SIXFOLD_TRY(const Descriptor manifest, manifest_for(store, index, preferred));
  SIXFOLD_TRY(const json::object document, store.document(manifest));
  const json::value* config_value = document.if_contains("config");
  const json::array* layers = array_at(document, "layers");
  if (config_value == nullptr || layers == nullptr) return corrupt_data("{}: want config and layers", manifest.digest);
  SIXFOLD_TRY(const Descriptor config, parse_descriptor(*config_value, manifest.digest));
  json::array paths;
  for (const json::value& value : *layers) {
    SIXFOLD_TRY(const Descriptor layer, parse_descriptor(value, manifest.digest));
    paths.emplace_back(blob_path(layer.digest));
  }
  return json::serialize(json::array{json::object{{"Config", blob_path(config.digest)},
                                                  {"RepoTags", json::array{json::value(name)}},
                                                  {"Layers", std::move(paths)}}});
}

// Held against its digest on the way: what loads the archive would refuse it, on another machine and much later.
Status add_blob(TarWriter& tar, const std::string& path, const BlobStore& store, const Descriptor& blob,
                const std::function<bool()>& is_cancelled) {
  const std::string from = store.path_of(blob.digest);
  SIXFOLD_TRY(const registry::UploadFile file, registry::UploadFile::open(from));
  Hasher hash;
  SIXFOLD_TRY_STATUS(tar.add_file(path, 0644, {.file = &file, .bytes = file.bytes(), .hash = &hash}, is_cancelled));
  const std::string digest = sha256_digest(hash.finish());
  if (digest == blob.digest) return ok();
  return corrupt_data("{}: digest: want {}, got {}; remove it, and it is made again", from, blob.digest, digest);
}

}  // namespace

Result<std::uint64_t> write_archive(const BlobStore& store, const std::string& name, std::string_view preferred,
                                    const std::string& path, const std::function<bool()>& is_cancelled) {
  SIXFOLD_TRY(const Image image, named_image(store));
  std::map<std::string, std::string> texts;
  for (const char* list : {"index.json", "oci-layout", "referrers.json"}) {
    SIXFOLD_TRY(texts[list], read_text_file(store.folder() + "/" + list, kListBytesMax));
  }
  SIXFOLD_TRY(texts["manifest.json"], docker_list(store, image.index, name, preferred));
  SIXFOLD_TRY(formats::FileReplacement file, formats::FileReplacement::begin(path));
  std::uint64_t written = 0;
  TarWriter tar([&](std::span<const std::byte> bytes) {
    written += bytes.size();
    return file.write(bytes);
  });
  // What makes the rest readable comes first, for readers that take the archive from a pipe.
  for (const auto& [list, text] : texts) SIXFOLD_TRY_STATUS(tar.add_file(list, 0644, text_content(text)));
  SIXFOLD_TRY_STATUS(tar.add_folder("blobs", 0755));
  SIXFOLD_TRY_STATUS(tar.add_folder("blobs/sha256", 0755));
  std::map<std::string, Descriptor> blobs;  // each once, by path
  for (const Descriptor& blob : image.blobs) blobs.emplace(blob_path(blob.digest), blob);
  for (const auto& [name_in, blob] : blobs) SIXFOLD_TRY_STATUS(add_blob(tar, name_in, store, blob, is_cancelled));
  SIXFOLD_TRY_STATUS(tar.finish());
  SIXFOLD_TRY_STATUS(file.commit());
  return written;
}

}  // namespace sixfold::deploy::oci
