// Bodies about adapters, and which paths a client may name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "service/adapter_folder.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

template <class T>
std::string adapter_refusal_of(const Parsed<T>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? "no refusal" : refusal->error.message;
}

TEST(AdapterBodies, give_a_name_and_a_path) {
  const auto parsed = parse_load_adapter(R"({"lora_name":"poet","lora_path":"a/b","load_inplace":false})");
  ASSERT_TRUE(std::holds_alternative<AdapterSource>(parsed));
  EXPECT_EQ(std::get<AdapterSource>(parsed).name, "poet");
  EXPECT_EQ(std::get<AdapterSource>(parsed).source, "a/b");
  EXPECT_EQ(std::get<std::string>(parse_unload_adapter(R"({"lora_name":"poet","lora_int_id":3})")), "poet");
}

TEST(AdapterBodies, are_refused_by_field) {
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter("[]")), HasSubstr("object"));
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter(R"({"lora_name":"a"})")), HasSubstr("lora_path"));
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter(R"({"lora_path":"a"})")), HasSubstr("lora_name"));
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter(R"({"lora_name":1,"lora_path":"a"})")), HasSubstr("lora_name"));
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter(R"({"lora_name":"a","lora_path":"a","load_inplace":true})")),
              HasSubstr("unload it first"));
  EXPECT_THAT(adapter_refusal_of(parse_load_adapter(R"({"lora_name":"a","lora_path":"a","lora":"a"})")),
              HasSubstr("\"lora\""));
  EXPECT_THAT(adapter_refusal_of(parse_unload_adapter("{}")), HasSubstr("lora_name"));
}

TEST(AdapterBodies, of_requests_choose_by_number) {
  const auto adapters_of = [](const std::string& lora) {
    return parse_completion(R"({"prompt":"a","lora":)" + lora + "}");
  };
  const auto parsed = adapters_of(R"([{"id":2,"scale":0.5},{"id":3,"scale":0}])");
  ASSERT_TRUE(std::holds_alternative<CompletionCall>(parsed));
  const std::vector<AdapterChoice>& adapters = std::get<CompletionCall>(parsed).requests.front().adapters;
  ASSERT_EQ(adapters.size(), 2U);
  EXPECT_EQ(adapters[0].id, 2U);
  EXPECT_EQ(adapters[0].scale, 0.5F);
  for (const char* bad : {R"("a")", R"([1])", R"([{"id":1}])", R"([{"scale":1}])", R"([{"id":-1,"scale":1}])",
                          R"([{"id":1,"scale":"x"}])", R"([{"id":1,"scale":1,"name":"a"}])"}) {
    EXPECT_THAT(adapter_refusal_of(adapters_of(bad)), HasSubstr("lora")) << bad;
  }
}

class AdapterFolder : public testing::Test {
 protected:
  AdapterFolder() : root_(fs::path(testing::TempDir()) / ("sixfold_adapters_" + std::to_string(::getpid()))) {
    fs::create_directories(root_ / "inside" / "poet");
    fs::create_directories(root_ / "inside-too");
    write("inside/poet/adapter_config.json");
    write("inside/clerk.gguf");
    write("outside.gguf");
    fs::create_symlink(root_ / "outside.gguf", root_ / "inside" / "link.gguf");
    fs::create_symlink(root_ / "inside" / "clerk.gguf", root_ / "inside" / "alias.gguf");
    fs::create_directories(root_ / "inside" / "mixed");
    fs::create_symlink(root_ / "outside.gguf", root_ / "inside" / "mixed" / "adapter_model.safetensors");
  }
  ~AdapterFolder() override { fs::remove_all(root_); }

  void write(const std::string& file) const { std::ofstream(root_ / file) << "x"; }
  std::string found(const std::string& path) const {
    const auto result = path_inside((root_ / "inside").string(), path);
    return result.is_ok() ? fs::path(*result).lexically_relative(fs::canonical(root_)).string() : "refused";
  }

  fs::path root_;
};

TEST_F(AdapterFolder, has_what_lies_in_it_by_relative_and_absolute_paths) {
  EXPECT_EQ(found("poet"), "inside/poet");
  EXPECT_EQ(found("poet/adapter_config.json"), "inside/poet/adapter_config.json");
  EXPECT_EQ(found("poet/../clerk.gguf"), "inside/clerk.gguf");
  EXPECT_EQ(found((root_ / "inside" / "clerk.gguf").string()), "inside/clerk.gguf");
  EXPECT_EQ(found("alias.gguf"), "inside/clerk.gguf");
}

TEST_F(AdapterFolder, has_nothing_else) {
  for (const std::string& path :
       {std::string("../outside.gguf"), (root_ / "outside.gguf").string(), std::string("../inside-too"),
        (root_ / "inside-too").string(), std::string("none"), std::string("link.gguf"), std::string("mixed"),
        std::string("mixed/none"), std::string(), std::string("/"), std::string("clerk.gguf\0x", 12)}) {
    EXPECT_EQ(found(path), "refused") << path;
  }
}

}  // namespace
}  // namespace sixfold::service
