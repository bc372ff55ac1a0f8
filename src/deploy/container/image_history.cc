// The list is written before blobs are removed: a cut leaves some too many, never one too few.
#include "deploy/container/image_history.h"

#include <boost/json/serialize.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::deploy::container {
namespace {

constexpr std::size_t kImagesKept = 5;

std::string list_path(const oci::BlobStore& store) {
  return store.folder() + "/images.json";
}

}  // namespace

ImageHistory::ImageHistory(const oci::BlobStore& store) : store_(store) {
  const std::string path = list_path(store);
  if (!registry::is_file(path)) return;
  const auto text = read_text_file(path, oci::kListBytesMax);
  if (!text.is_ok()) return;
  const auto document = parse_json_object(*text, path);
  const json::array* images = document.is_ok() ? array_at(*document, "images") : nullptr;
  if (images == nullptr) return;
  for (const json::value& value : *images) {
    const json::object* object = value.if_object();
    const json::value* index = object == nullptr ? nullptr : object->if_contains("index");
    const json::array* referrers = object == nullptr ? nullptr : array_at(*object, "referrers");
    if (index == nullptr || referrers == nullptr) continue;
    auto descriptor = oci::parse_descriptor(*index, path);
    if (!descriptor.is_ok()) continue;
    Row row{text_at(*object, "recipe"), *std::move(descriptor), {}};
    for (const json::value& referrer : *referrers) {
      auto attached = oci::parse_descriptor(referrer, path);
      if (attached.is_ok()) row.referrers.push_back(*std::move(attached));
    }
    rows_.push_back(std::move(row));
  }
}

Result<oci::Image> ImageHistory::complete(const Row& row) const {
  oci::Image image{row.index, row.referrers, {}};
  SIXFOLD_TRY(image.blobs, oci::blobs_of(store_, row.index));
  for (const oci::Descriptor& referrer : row.referrers) {
    SIXFOLD_TRY(const std::vector<oci::Descriptor> more, oci::blobs_of(store_, referrer));
    image.blobs.insert(image.blobs.end(), more.begin(), more.end());
  }
  return image;
}

std::optional<oci::Image> ImageHistory::find(const std::string& recipe) const {
  const std::string hash = sha256_hex(recipe);
  for (const Row& row : rows_) {
    if (row.recipe != hash) continue;
    auto image = complete(row);
    if (image.is_ok()) return *std::move(image);
  }
  return std::nullopt;
}

Status ImageHistory::add(const std::string& recipe, const oci::Image& image) {
  const std::string hash = sha256_hex(recipe);
  std::erase_if(rows_, [&](const Row& row) { return row.recipe == hash; });
  rows_.push_back({hash, image.index, image.referrers});
  if (rows_.size() > kImagesKept) rows_.erase(rows_.begin());
  json::array images;
  for (const Row& row : rows_) {
    json::array referrers;
    for (const oci::Descriptor& referrer : row.referrers) referrers.push_back(referrer.value());
    images.push_back(
        json::object{{"recipe", row.recipe}, {"index", row.index.value()}, {"referrers", std::move(referrers)}});
  }
  SIXFOLD_TRY_STATUS(registry::write_text_file(list_path(store_),
                                               json::serialize(json::object{{"images", std::move(images)}}) + "\n"));
  std::vector<oci::Descriptor> kept;
  for (const Row& row : rows_) {
    // One that somebody has damaged keeps nothing.
    const auto whole = complete(row);
    if (whole.is_ok()) kept.insert(kept.end(), whole->blobs.begin(), whole->blobs.end());
  }
  return store_.keep_only(kept);
}

}  // namespace sixfold::deploy::container
