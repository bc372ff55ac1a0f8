// The files by which a folder of blobs is an image layout.  Source: OCI image specification, "Image Layout".
#include <boost/json/serialize.hpp>

#include "core/error.h"
#include "core/text_file.h"
#include "deploy/oci/image.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::string_view kReferrersFile = "/referrers.json";

json::object index_of(json::array manifests) {
  return {{"schemaVersion", 2}, {"mediaType", json_text(kIndexType)}, {"manifests", std::move(manifests)}};
}

Result<std::vector<Descriptor>> descriptors_of(const json::object& object, std::string_view name,
                                               const std::string& where) {
  std::vector<Descriptor> found;
  const json::array* list = array_at(object, name);
  if (list == nullptr) return found;
  for (const json::value& value : *list) {
    SIXFOLD_TRY(Descriptor descriptor, parse_descriptor(value, where));
    found.push_back(std::move(descriptor));
  }
  return found;
}

Result<std::vector<Descriptor>> read_list(const std::string& path) {
  SIXFOLD_TRY(const std::string text, read_text_file(path, kListBytesMax));
  SIXFOLD_TRY(const json::object list, parse_json_object(text, path));
  return descriptors_of(list, "manifests", path);
}

// An index names manifests, a manifest its config and layers; nothing is nested deeper in what we make.
Status add_blobs(const BlobStore& store, const Descriptor& of, bool is_index, std::vector<Descriptor>& all) {
  if (!store.has(of)) return not_found("{}: want {} bytes, it is missing", store.path_of(of.digest), of.bytes);
  all.push_back(of);
  SIXFOLD_TRY(const json::object document, store.document(of));
  const std::string where = store.path_of(of.digest);
  if (is_index) {
    SIXFOLD_TRY(const std::vector<Descriptor> manifests, descriptors_of(document, "manifests", where));
    for (const Descriptor& manifest : manifests) SIXFOLD_TRY_STATUS(add_blobs(store, manifest, false, all));
    return ok();
  }
  SIXFOLD_TRY(std::vector<Descriptor> blobs, descriptors_of(document, "layers", where));
  const json::value* config = document.if_contains("config");
  if (config == nullptr) return corrupt_data("{}: want a manifest with its config", where);
  SIXFOLD_TRY(Descriptor config_blob, parse_descriptor(*config, where));
  blobs.push_back(std::move(config_blob));
  for (const Descriptor& blob : blobs) {
    if (!store.has(blob)) return not_found("{}: want {} bytes, it is missing", store.path_of(blob.digest), blob.bytes);
    all.push_back(blob);
  }
  return ok();
}

}  // namespace

Result<std::vector<Descriptor>> blobs_of(const BlobStore& store, const Descriptor& index) {
  std::vector<Descriptor> all;
  SIXFOLD_TRY_STATUS(add_blobs(store, index, index.media_type == kIndexType, all));
  return all;
}

Status name_image(const BlobStore& store, const Image& image, const std::string& name) {
  json::object row = image.index.value();
  const std::size_t colon = name.rfind(':');
  row["annotations"] =
      json::object{{"org.opencontainers.image.ref.name", name.substr(colon + 1)}, {"io.containerd.image.name", name}};
  json::array referrers;
  for (const Descriptor& referrer : image.referrers) referrers.push_back(referrer.value());
  SIXFOLD_TRY_STATUS(registry::write_text_file(store.folder() + "/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n"));
  SIXFOLD_TRY_STATUS(registry::write_text_file(store.folder() + std::string(kReferrersFile),
                                               json::serialize(index_of(std::move(referrers))) + "\n"));
  return registry::write_text_file(store.folder() + "/index.json",
                                   json::serialize(index_of(json::array{std::move(row)})) + "\n");
}

Result<Image> named_image(const BlobStore& store) {
  Image image;
  SIXFOLD_TRY(const std::vector<Descriptor> named, read_list(store.folder() + "/index.json"));
  if (named.size() != 1) return corrupt_data("{}/index.json: want one image, got {}", store.folder(), named.size());
  image.index = named.front();
  SIXFOLD_TRY(image.referrers, read_list(store.folder() + std::string(kReferrersFile)));
  SIXFOLD_TRY(image.blobs, blobs_of(store, image.index));
  for (const Descriptor& referrer : image.referrers) {
    SIXFOLD_TRY(const std::vector<Descriptor> more, blobs_of(store, referrer));
    image.blobs.insert(image.blobs.end(), more.begin(), more.end());
  }
  return image;
}

}  // namespace sixfold::deploy::oci
