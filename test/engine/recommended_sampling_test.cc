// What a model file recommends becomes sampling options; what makes no sense is refused by name.
#include "engine/recommended_sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "formats/checkpoint_builder.h"

namespace sixfold::engine {
namespace {

using ::testing::HasSubstr;

formats::Checkpoint with(std::vector<formats::MetadataEntry> entries) {
  formats::CheckpointBuilder builder("model.gguf", "GGUF", 0);
  for (formats::MetadataEntry& entry : entries) builder.add_metadata(std::move(entry));
  return std::move(builder).finish().value();
}

std::string error_of(formats::MetadataEntry entry) {
  const auto read = read_recommended_sampling(with({std::move(entry)}));
  return read.is_ok() ? "accepted" : read.error().message;
}

TEST(RecommendedSampling, is_nothing_when_the_file_says_nothing) {
  EXPECT_EQ(read_recommended_sampling(with({{"general.name", std::string("x")}}))->has_value(), false);
}

TEST(RecommendedSampling, is_what_the_file_says_and_plain_where_it_is_silent) {
  const auto read = read_recommended_sampling(with({{"general.sampling.temp", 0.5},
                                                    {"general.sampling.top_k", std::uint64_t{20}},
                                                    {"general.sampling.top_p", 0.75},
                                                    {"general.sampling.min_p", 0.25},
                                                    {"general.sampling.penalty_repeat", 1.5}}));
  ASSERT_TRUE(read.is_ok() && read->has_value());
  const SamplingOptions& options = **read;
  EXPECT_EQ(options.temperature, 0.5F);
  EXPECT_EQ(options.top_k, 20U);
  EXPECT_EQ(options.top_p, 0.75F);
  EXPECT_EQ(options.min_p, 0.25F);
  EXPECT_EQ(options.repetition_penalty, 1.5F);
  EXPECT_EQ(options.presence_penalty, 0.0F);
  EXPECT_EQ(summary_of(options), "temperature 0.5, top_k 20, top_p 0.75, min_p 0.25, repetition_penalty 1.5");
  const auto one = read_recommended_sampling(with({{"general.sampling.temp", 1.0}}));
  ASSERT_TRUE(one.is_ok() && one->has_value());
  EXPECT_EQ(summary_of(**one), "plain");
}

TEST(RecommendedSampling, refuses_values_out_of_range_and_of_other_types) {
  EXPECT_EQ(error_of({"general.sampling.temp", -1.0}),
            "model.gguf: recommended sampling: temperature: -1, want 0 to 10");
  EXPECT_THAT(error_of({"general.sampling.temp", std::numeric_limits<double>::quiet_NaN()}), HasSubstr("temperature"));
  EXPECT_THAT(error_of({"general.sampling.top_p", 1.5}), HasSubstr("top_p: 1.5, want above 0, at most 1"));
  EXPECT_THAT(error_of({"general.sampling.min_p", 1.0}), HasSubstr("min_p: 1, want 0 to below 1"));
  EXPECT_THAT(error_of({"general.sampling.penalty_repeat", 0.0}), HasSubstr("repetition_penalty: 0, want above 0"));
  EXPECT_THAT(error_of({"general.sampling.temp", std::string("hot")}), HasSubstr("general.sampling.temp"));
  EXPECT_THAT(error_of({"general.sampling.top_k", std::int64_t{-1}}), HasSubstr("general.sampling.top_k"));
}

}  // namespace
}  // namespace sixfold::engine
