// Where the weights of a loaded model lie: the checkpoint, whose tables stay mapped, and the cache of packed matrices.
#pragma once
#include <memory>
#include <utility>

#include "formats/checkpoint.h"
#include "model/weight_cache.h"

namespace sixfold::model {

// A model declares it as its last member, so that it goes first: until then a thread may read the packed weights.
class ModelStorage {
 public:
  ModelStorage(formats::Checkpoint checkpoint, std::unique_ptr<WeightCache> cache)
      : checkpoint_(std::move(checkpoint)), cache_(std::move(cache)) {}

  // For the end of a model's constructor: what was packed stays where it is from here on.
  void write_in_background() { cache_->write_in_background(); }

 private:
  formats::Checkpoint checkpoint_;
  std::unique_ptr<WeightCache> cache_;  // may hold the weights
};

}  // namespace sixfold::model
