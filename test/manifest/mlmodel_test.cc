// MLmodel files, good and broken.
#include "manifest/mlmodel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sixfold::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kGood = R"(artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.transformers
  transformers:
    code: null
    components:
    - tokenizer
    model_binary: model
    source_model_name: org/tiny
    source_model_revision: 0123abc
mlflow_version: 2.14.3
)";

std::string error_of_mlmodel(const std::string& text) {
  const auto model = parse_mlmodel(text, "MLmodel");
  return model.is_ok() ? "accepted" : model.error().message;
}

TEST(MlModel, says_where_weights_are) {
  const auto model = parse_mlmodel(kGood, "MLmodel");
  ASSERT_TRUE(model.is_ok()) << model.error().message;
  EXPECT_THAT(model->flavors, ElementsAre("python_function", "transformers"));
  EXPECT_EQ(model->weights_folder, "model");
  EXPECT_THAT(model->components, ElementsAre("tokenizer"));
  EXPECT_EQ(model->hub_name, "org/tiny");
  EXPECT_EQ(model->hub_revision, "0123abc");
  EXPECT_THAT(parse_mlmodel("flavors: {sklearn: {}}", "MLmodel")->flavors, ElementsAre("sklearn"));
}

TEST(MlModel, refuses_every_broken_field) {
  EXPECT_THAT(error_of_mlmodel(""), HasSubstr("MLmodel: flavors: want a map"));
  EXPECT_THAT(error_of_mlmodel("[1]"), HasSubstr("flavors: want a map"));
  EXPECT_THAT(error_of_mlmodel("flavors: 3"), HasSubstr("flavors: want a map"));
  EXPECT_THAT(error_of_mlmodel("flavors: {transformers: 3}"), HasSubstr("flavors.transformers: want a map"));
  EXPECT_THAT(error_of_mlmodel("flavors:\n  transformers:\n    model_binary: [x]"),
              HasSubstr("MLmodel:3: flavors.transformers.model_binary: want text"));
  EXPECT_THAT(error_of_mlmodel("flavors: {transformers: {components: x}}"), HasSubstr("components: want a list"));
  EXPECT_THAT(error_of_mlmodel("flavors: {transformers: {components: [[x]]}}"), HasSubstr("components: want names"));
  EXPECT_THAT(error_of_mlmodel("a: b: c"), HasSubstr("MLmodel:1: "));
  EXPECT_THAT(error_of_mlmodel(std::string(2 << 20, ' ')), HasSubstr("want at most 1048576 bytes"));
  EXPECT_THAT(error_of_mlmodel("flavors: " + std::string(100'000, '[')), HasSubstr("MLmodel:"));
}

TEST(MlModel, truncations_never_crash) {
  for (std::size_t length = 0; length < kGood.size(); ++length) {
    const auto model = parse_mlmodel(std::string_view(kGood).substr(0, length), "MLmodel");
    EXPECT_THAT(model.is_ok() ? "MLmodel" : model.error().message, HasSubstr("MLmodel")) << length;
  }
}

}  // namespace
}  // namespace sixfold::manifest
