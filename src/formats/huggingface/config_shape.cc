// Counts within the limits.
#include "formats/huggingface/config_shape.h"

#include "core/limits.h"

namespace sixfold::formats::huggingface {

Result<Shape> read_shape(const ConfigReader& config, const ShapeFields& fields, ModelFacts& facts) {
  Shape shape;
  SIXFOLD_TRY(facts.layers, config.count(fields.layers, limits::kLayersMax));
  SIXFOLD_TRY(facts.vocabulary, config.count("vocab_size", limits::kVocabularyMax));
  SIXFOLD_TRY(shape.width, config.count(fields.width, limits::kWidthMax));
  const std::uint64_t usual = fields.feed_forward_factor * shape.width;
  SIXFOLD_TRY(const std::uint64_t feed_forward, usual == 0
                                                    ? config.count(fields.feed_forward, limits::kWidthMax)
                                                    : config.count_or(fields.feed_forward, limits::kWidthMax, usual));
  SIXFOLD_TRY(shape.heads, config.count(fields.heads, limits::kWidthMax));
  SIXFOLD_TRY(shape.context, config.count(fields.context, limits::kContextMax));
  facts.add("block_count", facts.layers);
  facts.add("vocab_size", facts.vocabulary);
  facts.add("embedding_length", shape.width);
  facts.add("feed_forward_length", feed_forward);
  facts.add("attention.head_count", shape.heads);
  return shape;
}

}  // namespace sixfold::formats::huggingface
