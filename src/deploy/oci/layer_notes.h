// Which layer was made of which content, so that it need not be made again.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "deploy/content_hash.h"
#include "deploy/oci/layer.h"

namespace sixfold::deploy::oci {

// In the file layers.json of a store.  One thread.
class LayerNotes {
 public:
  explicit LayerNotes(const BlobStore& store);

  // The layer of these entries: the one that is there, or a new one.  `made`: told whether it is new.
  // Errors: as write_layer; resource_exhausted when the disk has no room for it.
  Result<Layer> layer_of(std::vector<LayerEntry> entries, Compression compression, ContentHashes& hashes,
                         const LayerWatch& watch, bool& made);

 private:
  Status save() const;

  const BlobStore& store_;
  std::map<std::string, Layer> known_;  // by the hash of all that decides about the layer
};

}  // namespace sixfold::deploy::oci
