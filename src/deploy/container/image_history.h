// The newest images of a target and the recipes that they were made from: an earlier revision comes back unchanged.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "deploy/oci/image.h"

namespace sixfold::deploy::container {

// In the file images.json of a store.  One thread.
class ImageHistory {
 public:
  // A damaged file is as if empty: the images are made again.
  explicit ImageHistory(const oci::BlobStore& store);

  // Nothing when it is not there, or not all of it.
  std::optional<oci::Image> find(const std::string& recipe) const;
  // Forgets the oldest but five, and removes blobs that no image needs.
  Status add(const std::string& recipe, const oci::Image& image);

 private:
  struct Row {
    std::string recipe;  // SHA-256 of its text
    oci::Descriptor index;
    std::vector<oci::Descriptor> referrers;
  };
  Result<oci::Image> complete(const Row& row) const;

  const oci::BlobStore& store_;
  std::vector<Row> rows_;  // oldest first
};

}  // namespace sixfold::deploy::container
