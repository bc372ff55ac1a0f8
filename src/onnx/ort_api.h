// The part of ONNX Runtime's C interface that we call.  The library gives one table of functions; entries are only ever
// appended to it, so a position means the same function in every release.  Positions and signatures:
// onnxruntime_c_api.h and the table in onnxruntime_c_api.cc of ONNX Runtime 1.11.  Stops in onnx/.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::onnx {

// What the library owns; never looked into.
struct OrtStatus;  // null: success
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtValue;
struct OrtTypeInfo;
struct OrtMapTypeInfo;
struct OrtSequenceTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtMemoryInfo;
struct OrtAllocator;

using OrtLogFunction = void (*)(void* parameter, int severity, const char* category, const char* id, const char* where,
                                const char* message);

inline constexpr int kOrtLogError = 3;              // ORT_LOGGING_LEVEL_ERROR
inline constexpr int kOrtTypeTensor = 1;            // ONNX_TYPE_TENSOR
inline constexpr int kOrtTypeSequence = 2;          // ONNX_TYPE_SEQUENCE
inline constexpr int kOrtTypeMap = 3;               // ONNX_TYPE_MAP
inline constexpr int kOrtArenaAllocator = 1;        // OrtArenaAllocator
inline constexpr int kOrtDefaultMemory = 0;         // OrtMemTypeDefault
inline constexpr std::uint32_t kOrtApiVersion = 5;  // that has every function named here: ONNX Runtime 1.5 or later

template <std::size_t N>
using OrtUnused = void* [N];

// Every function that returns OrtStatus* fails by returning one, which is to be released.
struct OrtApi {
  OrtUnused<1> unused_0;
  int (*get_error_code)(const OrtStatus*);
  const char* (*get_error_message)(const OrtStatus*);
  OrtUnused<1> unused_3;
  OrtStatus* (*create_env_with_custom_logger)(OrtLogFunction, void* parameter, int severity, const char* id, OrtEnv**);
  OrtUnused<1> unused_5;
  OrtStatus* (*disable_telemetry_events)(const OrtEnv*);
  OrtStatus* (*create_session)(const OrtEnv*, const char* path, const OrtSessionOptions*, OrtSession**);
  OrtStatus* (*create_session_from_array)(const OrtEnv*, const void*, std::size_t bytes, const OrtSessionOptions*,
                                          OrtSession**);
  OrtStatus* (*run)(OrtSession*, const OrtRunOptions*, const char* const* input_names, const OrtValue* const* inputs,
                    std::size_t input_count, const char* const* output_names, std::size_t output_count,
                    OrtValue** outputs);
  OrtStatus* (*create_session_options)(OrtSessionOptions**);
  OrtUnused<6> unused_11;
  OrtStatus* (*disable_mem_pattern)(OrtSessionOptions*);
  OrtUnused<1> unused_18;
  OrtStatus* (*disable_cpu_mem_arena)(OrtSessionOptions*);
  OrtUnused<4> unused_20;
  OrtStatus* (*set_intra_op_num_threads)(OrtSessionOptions*, int);
  OrtStatus* (*set_inter_op_num_threads)(OrtSessionOptions*, int);
  OrtUnused<4> unused_26;
  OrtStatus* (*session_get_input_count)(const OrtSession*, std::size_t*);
  OrtStatus* (*session_get_output_count)(const OrtSession*, std::size_t*);
  OrtUnused<1> unused_32;
  OrtStatus* (*session_get_input_type_info)(const OrtSession*, std::size_t, OrtTypeInfo**);
  OrtStatus* (*session_get_output_type_info)(const OrtSession*, std::size_t, OrtTypeInfo**);
  OrtUnused<1> unused_35;
  OrtStatus* (*session_get_input_name)(const OrtSession*, std::size_t, OrtAllocator*, char**);
  OrtStatus* (*session_get_output_name)(const OrtSession*, std::size_t, OrtAllocator*, char**);
  OrtUnused<10> unused_38;
  OrtStatus* (*create_tensor)(OrtAllocator*, const std::int64_t* shape, std::size_t rank, int type, OrtValue**);
  // The value refers to the memory, which must outlive it.
  OrtStatus* (*create_tensor_with_data)(const OrtMemoryInfo*, void*, std::size_t bytes, const std::int64_t* shape,
                                        std::size_t rank, int type, OrtValue**);
  OrtUnused<1> unused_50;
  OrtStatus* (*get_tensor_mutable_data)(OrtValue*, void**);
  OrtStatus* (*fill_string_tensor)(OrtValue*, const char* const*, std::size_t count);
  OrtStatus* (*get_string_tensor_data_length)(const OrtValue*, std::size_t* bytes);
  OrtStatus* (*get_string_tensor_content)(const OrtValue*, void*, std::size_t bytes, std::size_t* offsets,
                                          std::size_t count);
  // The result belongs to the first argument.
  OrtStatus* (*cast_type_info_to_tensor_info)(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**);
  OrtStatus* (*get_onnx_type_from_type_info)(const OrtTypeInfo*, int*);
  OrtUnused<3> unused_57;
  OrtStatus* (*get_tensor_element_type)(const OrtTensorTypeAndShapeInfo*, int*);
  OrtStatus* (*get_dimensions_count)(const OrtTensorTypeAndShapeInfo*, std::size_t*);
  OrtStatus* (*get_dimensions)(const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t);
  OrtStatus* (*get_symbolic_dimensions)(const OrtTensorTypeAndShapeInfo*, const char**, std::size_t);
  OrtUnused<1> unused_64;
  OrtStatus* (*get_tensor_type_and_shape)(const OrtValue*, OrtTensorTypeAndShapeInfo**);
  OrtUnused<1> unused_66;
  OrtStatus* (*get_value_type)(const OrtValue*, int*);
  OrtUnused<1> unused_68;
  OrtStatus* (*create_cpu_memory_info)(int allocator, int memory, OrtMemoryInfo**);
  OrtUnused<6> unused_70;
  OrtStatus* (*allocator_free)(OrtAllocator*, void*);
  OrtUnused<1> unused_77;
  OrtStatus* (*get_allocator_with_default_options)(OrtAllocator**);  // the library's own, never released
  OrtUnused<1> unused_79;
  // Of a sequence, an element; of a map, its keys (0) or its values (1), which are tensors.
  OrtStatus* (*get_value)(const OrtValue*, int index, OrtAllocator*, OrtValue**);
  OrtStatus* (*get_value_count)(const OrtValue*, std::size_t*);
  OrtUnused<10> unused_82;
  void (*release_env)(OrtEnv*);
  void (*release_status)(OrtStatus*);
  void (*release_memory_info)(OrtMemoryInfo*);
  void (*release_session)(OrtSession*);
  void (*release_value)(OrtValue*);
  OrtUnused<1> unused_97;
  void (*release_type_info)(OrtTypeInfo*);
  void (*release_tensor_info)(OrtTensorTypeAndShapeInfo*);
  void (*release_session_options)(OrtSessionOptions*);
  OrtUnused<2> unused_101;
  // The results of casts belong to the first argument.
  OrtStatus* (*cast_type_info_to_map_info)(const OrtTypeInfo*, const OrtMapTypeInfo**);
  OrtStatus* (*cast_type_info_to_sequence_info)(const OrtTypeInfo*, const OrtSequenceTypeInfo**);
  OrtStatus* (*get_map_key_type)(const OrtMapTypeInfo*, int*);
  OrtStatus* (*get_map_value_type)(const OrtMapTypeInfo*, OrtTypeInfo**);
  OrtStatus* (*get_sequence_element_type)(const OrtSequenceTypeInfo*, OrtTypeInfo**);
  OrtUnused<22> unused_108;
  OrtStatus* (*add_session_config_entry)(OrtSessionOptions*, const char* key, const char* value);
};

#define SIXFOLD_ORT_POSITION(name, position) \
  static_assert(offsetof(OrtApi, name) == (position) * sizeof(void*), #name " is not where the library has it")
SIXFOLD_ORT_POSITION(get_error_code, 1);
SIXFOLD_ORT_POSITION(create_env_with_custom_logger, 4);
SIXFOLD_ORT_POSITION(create_session, 7);
SIXFOLD_ORT_POSITION(run, 9);
SIXFOLD_ORT_POSITION(create_session_options, 10);
SIXFOLD_ORT_POSITION(disable_mem_pattern, 17);
SIXFOLD_ORT_POSITION(disable_cpu_mem_arena, 19);
SIXFOLD_ORT_POSITION(set_intra_op_num_threads, 24);
SIXFOLD_ORT_POSITION(session_get_input_count, 30);
SIXFOLD_ORT_POSITION(session_get_input_type_info, 33);
SIXFOLD_ORT_POSITION(session_get_input_name, 36);
SIXFOLD_ORT_POSITION(create_tensor, 48);
SIXFOLD_ORT_POSITION(get_tensor_mutable_data, 51);
SIXFOLD_ORT_POSITION(cast_type_info_to_tensor_info, 55);
SIXFOLD_ORT_POSITION(get_tensor_element_type, 60);
SIXFOLD_ORT_POSITION(get_tensor_type_and_shape, 65);
SIXFOLD_ORT_POSITION(get_value_type, 67);
SIXFOLD_ORT_POSITION(create_cpu_memory_info, 69);
SIXFOLD_ORT_POSITION(allocator_free, 76);
SIXFOLD_ORT_POSITION(get_allocator_with_default_options, 78);
SIXFOLD_ORT_POSITION(get_value, 80);
SIXFOLD_ORT_POSITION(get_value_count, 81);
SIXFOLD_ORT_POSITION(release_env, 92);
SIXFOLD_ORT_POSITION(release_type_info, 98);
SIXFOLD_ORT_POSITION(release_session_options, 100);
SIXFOLD_ORT_POSITION(cast_type_info_to_map_info, 103);
SIXFOLD_ORT_POSITION(get_sequence_element_type, 107);
SIXFOLD_ORT_POSITION(add_session_config_entry, 130);
#undef SIXFOLD_ORT_POSITION

// What the library's one symbol, OrtGetApiBase, returns.
struct OrtApiBase {
  const OrtApi* (*get_api)(std::uint32_t version);  // null when the library is older
  const char* (*get_version_string)();
};
using OrtGetApiBase = const OrtApiBase* (*)();

}  // namespace sixfold::onnx
