// A Hugging Face folder on disk, for tests to fill and to break.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/safetensors_file.h"

namespace sixfold::formats {

// Gone with the object.
class ModelFolder {
 public:
  ModelFolder() : path_(std::filesystem::path(testing::TempDir()) / unique_name()) {
    std::filesystem::create_directories(path_);
  }
  ~ModelFolder() { std::filesystem::remove_all(path_); }
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;

  std::string path() const { return path_; }
  std::string path(std::string_view file) const { return path_ / file; }

  void write(std::string_view file, std::string_view text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::binary) << text;
  }
  void write_tensors(std::string_view file, std::span<const TensorView> tensors) const {
    const std::vector<std::byte> image = make_safetensors(tensors);
    write(file, {reinterpret_cast<const char*>(image.data()), image.size()});
  }
  // Tensor i goes into file i % shards, and all into the index.
  void write_shards(std::span<const TensorView> tensors, std::size_t shards) const {
    std::vector<std::vector<TensorView>> parts(shards);
    std::string map;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      parts[i % shards].push_back(tensors[i]);
      map += fmt::format(R"({}"{}":"{}")", map.empty() ? "" : ",", tensors[i].name, shard_name(i % shards, shards));
    }
    for (std::size_t i = 0; i < shards; ++i) write_tensors(shard_name(i, shards), parts[i]);
    write("model.safetensors.index.json", fmt::format(R"({{"metadata":{{"total_size":1}},"weight_map":{{{}}}}})", map));
  }
  void remove(std::string_view file) const { std::filesystem::remove(path_ / file); }

  static std::string shard_name(std::size_t index, std::size_t shards) {
    return fmt::format("model-{:05}-of-{:05}.safetensors", index + 1, shards);
  }

 private:
  static std::string unique_name() {
    static int count = 0;
    return fmt::format("sixfold_folder_{}_{}", ::getpid(), ++count);
  }

  std::filesystem::path path_;
};

}  // namespace sixfold::formats
