// The files of the test data: good ones open, and no malformed one is taken or crashes the reader.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "formats/checkpoint.h"

namespace sixfold::formats {
namespace {

// Broken in what the metadata means, which later stages refuse; as files they are well formed.
bool is_refused_later(std::string_view file) {
  return file.starts_with("hparam_") || file.starts_with("vocab_") || file == "arch_unknown.gguf" ||
         file == "tensor_missing.gguf";
}

TEST(GoldenCorrupt, answers_every_file_as_listed) {
  const char* root = std::getenv("SIXFOLD_TESTDATA");
  if (root == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  const std::string folder = std::string(root) + "/golden/corrupt/";
  std::ostringstream text;
  text << std::ifstream(folder + "index.json").rdbuf();
  const auto index = boost::json::parse(text.str());
  int refused = 0;
  for (const auto& row : index.as_array()) {
    const std::string file(row.at("file").as_string());
    const std::string_view expect = row.at("expect").as_string();
    const auto opened = open_checkpoint(folder + file);
    if (!opened.is_ok()) {
      EXPECT_NE(opened.error().message.find(file), std::string::npos) << opened.error().message;
      ++refused;
    }
    if (expect == "accept" || (expect == "reject" && is_refused_later(file))) {
      EXPECT_TRUE(opened.is_ok()) << file << ": " << opened.error().message;
    } else if (expect == "reject") {
      EXPECT_FALSE(opened.is_ok()) << file;
    }
  }
  EXPECT_EQ(index.as_array().size(), 68u);
  EXPECT_GT(refused, 40);
}

TEST(GoldenFiles, opens_every_model_whose_types_are_known) {
  const char* root = std::getenv("SIXFOLD_TESTDATA");
  if (root == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  int opened_files = 0;
  for (const char* folder : {"golden/arch", "golden/quant", "golden/real", "real"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(std::filesystem::path(root) / folder)) {
      if (file.path().extension() != ".gguf") continue;
      const auto opened = open_checkpoint(file.path());
      if (opened.is_ok()) {
        ++opened_files;
        EXPECT_FALSE(opened->tensors().empty()) << file.path();
      } else {
        EXPECT_NE(opened.error().message.find("want a tensor type that can be read here"), std::string::npos)
            << opened.error().message;
      }
    }
  }
  EXPECT_GT(opened_files, 23);
}

TEST(GoldenFiles, opens_a_published_encoder_and_how_its_vectors_are_pooled) {
  const char* root = std::getenv("SIXFOLD_TESTDATA");
  if (root == nullptr) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  const auto opened = open_checkpoint(std::string(root) + "/real/bert-tiny-random");
  ASSERT_TRUE(opened.is_ok()) << opened.error().message;
  EXPECT_EQ(opened->string("general.architecture").value(), "bert");
  EXPECT_EQ(opened->string("general.name").value(), "bert-tiny-random");
  EXPECT_EQ(opened->unsigned_integer("bert.pooling_type").value(), 1u);
  EXPECT_EQ(opened->string("tokenizer.huggingface.cls_token").value(), "[CLS]");
  EXPECT_TRUE(opened->string("tokenizer.huggingface.json").value().starts_with("{"));
  for (const char* name : {"token_embd.weight", "position_embd.weight", "token_types.weight", "token_embd_norm.bias",
                           "blk.1.attn_q.bias", "blk.1.attn_output_norm.weight", "blk.1.layer_output_norm.weight"}) {
    EXPECT_NE(opened->find_tensor(name), nullptr) << name;
  }
  EXPECT_EQ(opened->find_tensor("cls.weight"), nullptr);  // the pooler of a model without a classifier
}

}  // namespace
}  // namespace sixfold::formats
