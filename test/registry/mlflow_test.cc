// Names, listings, layouts and settings of MLflow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/mlflow_layout.h"
#include "registry/mlflow_name.h"
#include "registry/mlflow_session.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

using ::testing::HasSubstr;

TEST(MlflowName, forms) {
  EXPECT_EQ(parse_mlflow_name("bot@production")->text(), "models:/bot@production");
  EXPECT_EQ(parse_mlflow_name("models:/bot@production")->alias, "production");
  EXPECT_EQ(parse_mlflow_name("bot/3")->version, "3");
  EXPECT_EQ(parse_mlflow_name("models:/my bot/12")->text(), "models:/my bot/12");
  EXPECT_EQ(parse_mlflow_name("bot")->text(), "models:/bot/latest");
  EXPECT_EQ(parse_mlflow_name("models:/bot/latest")->version, "");
  const auto run = parse_mlflow_name("runs:/0a1b/sub/model");
  ASSERT_TRUE(run.is_ok()) << run.error().message;
  EXPECT_EQ(run->run, "0a1b");
  EXPECT_EQ(run->path, "sub/model");
  EXPECT_EQ(run->text(), "runs:/0a1b/sub/model");
  EXPECT_EQ(find_source("mlflow:x")->canonical("bot"), "mlflow:models:/bot/latest");
}

TEST(MlflowName, others_are_refused) {
  for (const char* text : {"",
                           "models:/",
                           "a/b",
                           "a/1/2",
                           "a@",
                           "@x",
                           "a/",
                           "a/-1",
                           "a/1234567890123456789",
                           "a:b",
                           "a@b/c",
                           "a@b@c",
                           "runs:/",
                           "runs:/x",
                           "runs:/x/",
                           "runs:/x/../y",
                           "runs:/../x",
                           "runs:/x y/z",
                           "x\n",
                           "\xff"}) {
    EXPECT_FALSE(parse_mlflow_name(text).is_ok()) << text;
  }
}

Environment settings(std::vector<std::pair<std::string, std::string>> set) {
  return [set = std::move(set)](const std::string& name) {
    for (const auto& [key, value] : set) {
      if (key == name) return value;
    }
    return std::string();
  };
}

TEST(MlflowServer, is_what_its_own_settings_say) {
  const auto plain = mlflow_server(settings({{"MLFLOW_TRACKING_URI", "https://h.io/base/"}}), {});
  ASSERT_TRUE(plain.is_ok()) << plain.error().message;
  EXPECT_EQ(plain->url, "https://h.io/base");
  EXPECT_TRUE(plain->credentials.empty());
  EXPECT_TRUE(plain->http.verifies_certificates);
  const auto token = mlflow_server(settings({{"MLFLOW_TRACKING_URI", "http://h.io"},
                                             {"MLFLOW_TRACKING_TOKEN", "t"},
                                             {"MLFLOW_TRACKING_INSECURE_TLS", "true"},
                                             {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"}}),
                                   {});
  EXPECT_EQ(token->credentials.at(0).value, "Bearer t");
  EXPECT_FALSE(token->http.verifies_certificates);
  EXPECT_EQ(token->http.ca_file, "/ca.pem");
  const auto basic = mlflow_server(settings({{"MLFLOW_TRACKING_URI", "http://h.io"},
                                             {"MLFLOW_TRACKING_TOKEN", "t"},
                                             {"MLFLOW_TRACKING_USERNAME", "me"},
                                             {"MLFLOW_TRACKING_PASSWORD", "secret"}}),
                                   {});
  EXPECT_EQ(basic->credentials.at(0).value, "Basic bWU6c2VjcmV0");
  for (const char* url : {"", "databricks", "file:///x", "h.io", "https://h.io?x=y"}) {
    EXPECT_FALSE(mlflow_server(settings({{"MLFLOW_TRACKING_URI", url}}), {}).is_ok()) << url;
  }
}

std::string placed(const std::vector<std::string>& paths, const std::optional<manifest::MlModel>& mlmodel) {
  const auto files = place_mlflow_files(paths, mlmodel, "src");
  if (!files.is_ok()) return "error: " + files.error().message;
  std::string out;
  for (const PlacedFile& file : *files) out += (out.empty() ? "" : " ") + file.from + ">" + file.to;
  return out;
}

TEST(MlflowLayout, folders_of_transformers_are_folded_into_one) {
  const std::vector<std::string> paths = {"MLmodel",
                                          "model/config.json",
                                          "model/model.safetensors",
                                          "model/special_tokens_map.json",
                                          "components/tokenizer/tokenizer.json",
                                          "components/tokenizer/special_tokens_map.json",
                                          "components/other/tokenizer_config.json",
                                          "requirements.txt"};
  const manifest::MlModel mlmodel{.flavors = {"transformers"}, .weights_folder = "model", .components = {"tokenizer"}};
  EXPECT_EQ(placed(paths, mlmodel),
            "model/config.json>config.json model/model.safetensors>model.safetensors "
            "model/special_tokens_map.json>special_tokens_map.json components/tokenizer/tokenizer.json>tokenizer.json");
}

TEST(MlflowLayout, a_gguf_file_is_found_wherever_it_lies) {
  EXPECT_EQ(placed({"MLmodel", "artifacts/tiny.gguf", "python_model.pkl"}, manifest::MlModel{}),
            "artifacts/tiny.gguf>artifacts/tiny.gguf");
  EXPECT_EQ(placed({"tiny.gguf"}, std::nullopt), "tiny.gguf>tiny.gguf");
}

TEST(MlflowLayout, what_holds_no_checkpoint_is_explained) {
  EXPECT_THAT(placed({"MLmodel", "model.pkl"}, manifest::MlModel{.flavors = {"sklearn", "python_function"}}),
              HasSubstr("neither GGUF nor safetensors files; its flavors are sklearn, python_function"));
  EXPECT_THAT(
      placed({"MLmodel"}, manifest::MlModel{.flavors = {"transformers"}, .hub_name = "org/x", .hub_revision = "abc"}),
      HasSubstr("they are hf:org/x@abc"));
  EXPECT_THAT(placed({"model.pkl"}, std::nullopt), HasSubstr("neither GGUF nor safetensors"));
}

}  // namespace
}  // namespace sixfold::registry
