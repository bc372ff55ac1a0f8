// What people and servers call things: hub names, choices of files, paths that may become files.
#include <gtest/gtest.h>

#include "registry/artifact.h"
#include "registry/catalogue.h"
#include "registry/file_choice.h"
#include "registry/hub_name.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

TEST(HubName, parts) {
  const auto full = parse_hub_name("org/name-1.5@v1.0:Q4_K_M");
  ASSERT_TRUE(full.is_ok()) << full.error().message;
  EXPECT_EQ(full->repository, "org/name-1.5");
  EXPECT_EQ(full->revision, "v1.0");
  EXPECT_EQ(full->wish.quantization, "Q4_K_M");
  const auto file = parse_hub_name("//org/name@refs/pr/7/sub/file.gguf");
  ASSERT_TRUE(file.is_ok()) << file.error().message;
  EXPECT_EQ(file->revision, "refs/pr/7");
  EXPECT_EQ(file->wish.path, "sub/file.gguf");
  EXPECT_EQ(parse_hub_name("o/n")->revision, "main");
  EXPECT_EQ(parse_hub_name("o/n@feature/x:Q8_0")->revision, "feature/x");
}

TEST(HubName, text_is_canonical) {
  for (const char* text : {"o/n", "o/n@v1", "o/n:Q8_0", "o/n/a/b.gguf", "o/n@v1/b.gguf", "o/n@refs/pr/1:Q8_0"}) {
    EXPECT_EQ(parse_hub_name(text)->text(), "hf:" + std::string(text));
  }
  EXPECT_EQ(parse_hub_name("//o/n@main")->text(), "hf:o/n");
}

TEST(HubName, others_are_refused) {
  for (const char* text :
       {"",         "name", "/",       "o/",     "/n",    "../etc",   "o/..", "o/n/../x", "o/n//x",   "o/n@",
        "o/n@../x", "o/n:", "o/n:a/b", "o/n:..", "o/n?x", "o/n name", "o/-n", "o/.n",     "o/n@a\\b", "o/n/\n"}) {
    EXPECT_FALSE(parse_hub_name(text).is_ok()) << text;
  }
}

std::string chosen(std::vector<std::string> paths, const FileWish& wish) {
  const auto files = choose_files(paths, wish, "src");
  if (!files.is_ok()) return "error: " + files.error().message;
  std::string out;
  for (const std::string& file : *files) out += (out.empty() ? "" : " ") + file;
  return out;
}

TEST(ChooseFiles, of_an_adapter_that_stands_alone_without_what_training_left_there) {
  EXPECT_EQ(chosen({"README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json",
                    "checkpoint-10/adapter_model.safetensors", "training_args.bin"},
                   {}),
            "adapter_config.json adapter_model.safetensors");
  EXPECT_EQ(chosen({"adapter_config.json", "lora.gguf"}, {}), "lora.gguf");
}

TEST(ChooseFiles, by_quantization_as_a_word_in_any_case) {
  const std::vector<std::string> paths = {"m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-IQ4_XS.gguf",   "m-q8_0.gguf",
                                          "README.md",     "m-f16.gguf",    "mmproj-f16.gguf", "m.imatrix.gguf"};
  EXPECT_EQ(chosen(paths, {.quantization = "q4_k_m"}), "m-Q4_K_M.gguf");
  EXPECT_EQ(chosen(paths, {.quantization = "Q8_0"}), "m-q8_0.gguf");
  EXPECT_EQ(chosen(paths, {.quantization = "F16"}), "m-f16.gguf");
  EXPECT_NE(chosen(paths, {.quantization = "Q4_K"}).find("no GGUF file with \"Q4_K\""), std::string::npos);
  EXPECT_NE(chosen(paths, {.quantization = "Q2_K"}).find("m-IQ4_XS.gguf, m-Q4_K_M.gguf"), std::string::npos);
  EXPECT_NE(chosen({"a-q8_0.gguf", "b-q8_0.gguf"}, {.quantization = "q8_0"}).find("several"), std::string::npos);
}

TEST(ChooseFiles, all_parts_of_a_split_file_in_order) {
  const std::vector<std::string> paths = {"Q8_0/m-00002-of-00002.gguf", "Q8_0/m-00001-of-00002.gguf", "m-q4_0.gguf"};
  EXPECT_EQ(chosen(paths, {.quantization = "Q8_0"}), "Q8_0/m-00001-of-00002.gguf Q8_0/m-00002-of-00002.gguf");
  EXPECT_EQ(chosen(paths, {.path = "Q8_0/m-00001-of-00002.gguf"}),
            "Q8_0/m-00001-of-00002.gguf Q8_0/m-00002-of-00002.gguf");
  EXPECT_EQ(chosen(paths, {.path = "m-q4_0.gguf"}), "m-q4_0.gguf");
  EXPECT_EQ(chosen(paths, {.path = "x.gguf"}), "error: src: no file \"x.gguf\"");
}

TEST(ChooseFiles, a_split_file_that_lacks_a_part_is_no_model) {
  const std::vector<std::string> paths = {"m-q8_0-00001-of-00003.gguf", "m-q8_0-00003-of-00003.gguf"};
  const std::string refusal = "error: src: m-q8_0-00001-of-00003.gguf: want 3 parts, there are 2";
  EXPECT_EQ(chosen(paths, {}), refusal);
  EXPECT_EQ(chosen(paths, {.quantization = "Q8_0"}), refusal);
  EXPECT_EQ(chosen(paths, {.path = paths[1]}), refusal);
}

TEST(ChooseFiles, the_obvious_choice) {
  EXPECT_EQ(chosen({"a.md", "m.gguf"}, {}), "m.gguf");
  EXPECT_EQ(chosen({"m-Q8_0.gguf", "m-q4_k_m.gguf"}, {}), "m-q4_k_m.gguf");
  EXPECT_NE(chosen({"m-Q8_0.gguf", "m-Q6_K.gguf"}, {}).find("want a quantization"), std::string::npos);
  EXPECT_EQ(chosen({"pytorch_model.bin", "config.json"}, {}), "error: src: neither GGUF nor safetensors files");
}

TEST(ChooseFiles, a_folder_without_pickles_and_duplicates) {
  EXPECT_EQ(chosen({"config.json", "tokenizer.json", "model.safetensors", "pytorch_model.bin", "flax.msgpack",
                    "onnx/model.onnx", "consolidated.safetensors", "README.md", "1_Pooling/config.json"},
                   {}),
            "config.json tokenizer.json model.safetensors 1_Pooling/config.json");
  EXPECT_EQ(chosen({"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                    "model.safetensors.index.json", "consolidated.safetensors"},
                   {}),
            "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors "
            "model.safetensors.index.json");
}

TEST(ArtifactPath, only_paths_below_the_folder) {
  for (const char* path : {"a", "a/b", "a..b", ".hidden", "ünïcode/x", "a b"}) {
    EXPECT_TRUE(check_artifact_path(path, "x").is_ok()) << path;
  }
  for (const char* path : {"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", "a\\b",
                           "C:x", "a\nb", "a\x7f", "\xFF\xFE"}) {
    EXPECT_FALSE(check_artifact_path(path, "x").is_ok()) << path;
  }
  EXPECT_FALSE(check_artifact_path(std::string("a\0b", 3), "x").is_ok());
  EXPECT_FALSE(check_artifact_path(std::string(300, 'a'), "x").is_ok());
  EXPECT_FALSE(check_artifact_path(std::string(2000, 'a'), "x").is_ok());
}

TEST(Artifact, listings_that_cannot_be_kept_are_refused) {
  const auto check = [](std::vector<RemoteFile> files) {
    return check_artifact({.source = "x", .revision = {}, .files = std::move(files)});
  };
  EXPECT_TRUE(check({{.path = "a"}, {.path = "b/c"}}).is_ok());
  EXPECT_FALSE(check({}).is_ok());
  EXPECT_FALSE(check({{.path = "a"}, {.path = "a"}}).is_ok());
  EXPECT_FALSE(check({{.path = "a"}, {.path = "a/b"}}).is_ok());
  EXPECT_FALSE(check({{.path = "a", .sha256 = "123"}}).is_ok());
  EXPECT_FALSE(check({{.path = "a", .bytes = ~std::uint64_t{0}}}).is_ok());
  EXPECT_FALSE(check(std::vector<RemoteFile>(5000, {.path = "a"})).is_ok());
}

TEST(Catalogue, names_are_sorted_and_sources_are_known) {
  std::string_view before;
  for (const CatalogueEntry& entry : catalogue()) {
    EXPECT_LT(before, entry.name);
    before = entry.name;
    ASSERT_NE(find_source(entry.source), nullptr) << entry.name;
    EXPECT_TRUE(parse_hub_name(std::string(entry.source.substr(3))).is_ok()) << entry.name;
    EXPECT_EQ(find_in_catalogue(entry.name), &entry);
    EXPECT_GT(entry.megabytes, 0u);
  }
  EXPECT_EQ(find_in_catalogue("nothing"), nullptr);
}

TEST(ShortName, is_the_last_part) {
  EXPECT_EQ(short_name("hf:openai-community/gpt2"), "gpt2");
  EXPECT_EQ(short_name("hf:Qwen/Qwen2.5-0.5B-GGUF:q4_k_m"), "Qwen2.5-0.5B-GGUF:q4_k_m");
  EXPECT_EQ(short_name("models/tiny.gguf"), "tiny");
  EXPECT_EQ(short_name("file:tiny.gguf"), "tiny");
  EXPECT_EQ(short_name("https://h/a/b.gguf?sig=secret"), "b");
  EXPECT_EQ(short_name("qwen3-0.6b"), "qwen3-0.6b");
}

}  // namespace
}  // namespace sixfold::registry
