// Maps the files of weights, and holds an index of shards against what is in them.
#include "formats/huggingface/weight_files.h"

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "formats/checkpoint_builder.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/json_file.h"

namespace sixfold::formats::huggingface {
namespace {

// shard -> the tensors that it must hold.
using Shards = std::map<std::string, std::set<std::string_view>, std::less<>>;

// A name and nothing else: the index of a stranger must not lead out of the folder.
bool is_plain_file_name(std::string_view name) {
  constexpr std::size_t kNameBytesMax = 255;
  return name.size() <= kNameBytesMax && name.ends_with(".safetensors") && !name.starts_with('.') &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

Result<Shards> read_weight_map(const json::object& index, const std::string& path) {
  SIXFOLD_TRY(const auto map, ConfigReader(index, path).object("weight_map"));
  const json::value* entries = index.if_contains("weight_map");
  if (!map || entries->get_object().empty())
    return corrupt_data("{}: weight_map: want tensors and their files, got none", path);
  Shards shards;
  for (const auto& [tensor, file] : entries->get_object()) {
    const json::string* name = file.if_string();
    if (name == nullptr || !is_plain_file_name(*name)) {
      return corrupt_data("{}: weight_map: {}: want a .safetensors file of this folder, got {}", path,
                          shown_text(tensor), shown_json(file));
    }
    shards[std::string(*name)].insert(tensor);
    if (shards.size() > limits::kWeightFilesMax) {
      return corrupt_data("{}: weight_map: want at most {} files, got more", path, limits::kWeightFilesMax);
    }
  }
  return shards;
}

Status add_file(const std::string& path, WeightFiles& out) {
  SIXFOLD_TRY(FileMap file, FileMap::open(path));
  SIXFOLD_TRY(std::vector<SafetensorsTensor> tensors, read_safetensors(file.bytes(), path));
  for (SafetensorsTensor& tensor : tensors) out.tensors.push_back({std::move(tensor), out.files.size()});
  out.bytes += file.bytes().size();
  out.files.push_back(std::move(file));
  return ok();
}

// What a shard holds must be what the index says: all of it, and nothing else.
Status add_shard(const std::string& path, const std::set<std::string_view>& wanted, WeightFiles& out) {
  const std::size_t first = out.tensors.size();
  SIXFOLD_TRY_STATUS(add_file(path, out));
  for (std::size_t i = first; i < out.tensors.size(); ++i) {
    const std::string& name = out.tensors[i].tensor.name;
    if (!wanted.contains(name)) {
      return corrupt_data("{}: tensor {}: want only tensors that {} has in this file", path, formats::shown_text(name),
                          kWeightIndexName);
    }
  }
  if (out.tensors.size() - first == wanted.size()) return ok();
  std::set<std::string_view> missing = wanted;
  for (std::size_t i = first; i < out.tensors.size(); ++i) missing.erase(out.tensors[i].tensor.name);
  return corrupt_data("{}: tensor {}: missing, want it here as {} says", path, formats::shown_text(*missing.begin()),
                      kWeightIndexName);
}

}  // namespace

Result<WeightFiles> open_weight_files(const std::string& folder) {
  const std::filesystem::path base(folder);
  WeightFiles out;
  const std::string index_path = base / kWeightIndexName;
  SIXFOLD_TRY(const auto index, read_json_file(index_path));
  if (index) {
    SIXFOLD_TRY(const Shards shards, read_weight_map(*index, index_path));
    for (const auto& [name, wanted] : shards) SIXFOLD_TRY_STATUS(add_shard(base / name, wanted, out));
    return out;
  }
  const Status status = add_file(base / kWeightsName, out);
  if (!status.is_ok() && status.error().code == ErrorCode::kNotFound) {
    return not_found("{}: want weights in {} or {}, got neither", folder, kWeightsName, kWeightIndexName);
  }
  SIXFOLD_TRY_STATUS(status);
  return out;
}

}  // namespace sixfold::formats::huggingface
