// A map is two tensors to ONNX Runtime, its keys and its values.
#include "onnx/maps.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "onnx/values.h"

namespace sixfold::onnx {
namespace {

struct Map {
  std::vector<std::string> keys;
  HostTensor values;
};

Result<std::optional<ElementType>> element_of_tensor(const OrtApi& api, const OrtTypeInfo* info) {
  int kind = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_onnx_type_from_type_info(info, &kind)));
  if (kind != kOrtTypeTensor) return std::optional<ElementType>();
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  int type = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.cast_type_info_to_tensor_info(info, &tensor)));
  SIXFOLD_TRY_STATUS(take_status(api, api.get_tensor_element_type(tensor, &type)));
  return element_type_of(type);
}

// The type of the map's values, if we read such maps.
Result<std::optional<ElementType>> element_of_map(const OrtApi& api, const OrtTypeInfo* info) {
  const OrtMapTypeInfo* map = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.cast_type_info_to_map_info(info, &map)));
  int key = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_map_key_type(map, &key)));
  const auto key_type = element_type_of(key);
  if (key_type != ElementType::kI64 && key_type != ElementType::kString) return std::optional<ElementType>();
  OrtTypeInfo* raw = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_map_value_type(map, &raw)));
  const Handle<OrtTypeInfo> values = own(raw, api.release_type_info);
  SIXFOLD_TRY(const auto element, element_of_tensor(api, raw));
  return element == ElementType::kString ? std::optional<ElementType>() : element;
}

Result<Handle<OrtValue>> part_of(const OrtApi& api, const OrtValue* value, std::size_t index) {
  if (index > static_cast<std::size_t>(std::numeric_limits<int>::max())) return internal_error("too long a sequence");
  OrtAllocator* allocator = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_allocator_with_default_options(&allocator)));
  OrtValue* part = nullptr;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_value(value, static_cast<int>(index), allocator, &part)));
  return own(part, api.release_value);
}

Result<Map> read_map(const OrtApi& api, const OrtValue* value, const std::string& name) {
  SIXFOLD_TRY(const Handle<OrtValue> keys, part_of(api, value, 0));
  SIXFOLD_TRY(const Handle<OrtValue> values, part_of(api, value, 1));
  SIXFOLD_TRY(HostTensor names, from_value(api, keys.get(), name));
  Map map;
  SIXFOLD_TRY(map.values, from_value(api, values.get(), name));
  if (names.type == ElementType::kString) {
    map.keys = std::move(names.strings);
  } else if (names.type == ElementType::kI64) {
    for (std::size_t at = 0; at + sizeof(std::int64_t) <= names.bytes.size(); at += sizeof(std::int64_t)) {
      std::int64_t key = 0;
      std::memcpy(&key, names.bytes.data() + at, sizeof key);
      map.keys.push_back(std::to_string(key));
    }
  }
  SIXFOLD_TRY(const std::size_t count, element_count(map.values.shape));
  if (map.keys.size() != count || map.values.type == ElementType::kString) {
    return internal_error("output \"{}\": a map of {} keys and {} values", name, map.keys.size(), count);
  }
  return map;
}

}  // namespace

Result<std::optional<TensorSpec>> map_spec(const OrtApi& api, const OrtTypeInfo* info, std::string name) {
  TensorSpec spec;
  spec.name = std::move(name);
  spec.has_columns = true;
  int kind = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_onnx_type_from_type_info(info, &kind)));
  Handle<OrtTypeInfo> element = own(static_cast<OrtTypeInfo*>(nullptr), api.release_type_info);
  const OrtTypeInfo* map = info;
  if (kind == kOrtTypeSequence) {
    const OrtSequenceTypeInfo* sequence = nullptr;
    SIXFOLD_TRY_STATUS(take_status(api, api.cast_type_info_to_sequence_info(info, &sequence)));
    OrtTypeInfo* raw = nullptr;
    SIXFOLD_TRY_STATUS(take_status(api, api.get_sequence_element_type(sequence, &raw)));
    element.reset(raw);
    map = raw;
    SIXFOLD_TRY_STATUS(take_status(api, api.get_onnx_type_from_type_info(map, &kind)));
    spec.shape.push_back(-1);
  }
  if (kind != kOrtTypeMap) return std::optional<TensorSpec>();
  SIXFOLD_TRY(const auto type, element_of_map(api, map));
  if (!type) return std::optional<TensorSpec>();
  spec.type = *type;
  spec.shape.push_back(-1);
  spec.dimension_names.assign(spec.shape.size(), "");
  return std::optional(std::move(spec));
}

Result<HostTensor> from_maps(const OrtApi& api, const OrtValue* value, std::string name) {
  int kind = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_value_type(value, &kind)));
  if (kind == kOrtTypeMap) {
    SIXFOLD_TRY(Map map, read_map(api, value, name));
    map.values.name = std::move(name);
    map.values.shape = {static_cast<std::int64_t>(map.keys.size())};
    map.values.columns = std::move(map.keys);
    return std::move(map.values);
  }
  std::size_t rows = 0;
  SIXFOLD_TRY_STATUS(take_status(api, api.get_value_count(value, &rows)));
  HostTensor all;
  all.name = std::move(name);
  all.shape = {static_cast<std::int64_t>(rows), 0};
  for (std::size_t row = 0; row < rows; ++row) {
    SIXFOLD_TRY(const Handle<OrtValue> part, part_of(api, value, row));
    SIXFOLD_TRY(Map map, read_map(api, part.get(), all.name));
    if (row == 0) {
      all.type = map.values.type;
      all.columns = std::move(map.keys);
      all.shape.back() = static_cast<std::int64_t>(all.columns.size());
      SIXFOLD_TRY([[maybe_unused]] const std::size_t elements, element_count(all.shape));
    } else if (map.keys != all.columns || map.values.type != all.type) {
      return internal_error("output \"{}\": the maps of rows 0 and {} have different keys", all.name, row);
    }
    all.bytes.insert(all.bytes.end(), map.values.bytes.begin(), map.values.bytes.end());
  }
  return all;
}

}  // namespace sixfold::onnx
