// What GGUF's numbers mean.  Source: the GGUF specification, github.com/ggml-org/ggml/blob/master/docs/gguf.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sixfold::formats {

inline constexpr std::uint32_t kGgufMagic = 0x46554747;  // "GGUF" as little-endian bytes
inline constexpr std::uint32_t kGgufVersionMin = 2;      // version 1 had 32-bit counts and no published models left
inline constexpr std::uint32_t kGgufVersionMax = 3;
inline constexpr std::uint64_t kGgufAlignmentDefault = 32;
inline constexpr std::uint64_t kGgufAlignmentMin = 8;              // the specification wants a multiple of 8
inline constexpr std::uint64_t kGgufAlignmentMax = 1u << 16;       // the largest page size in use
inline constexpr std::uint64_t kGgufKeyBytesMax = 65535;           // the specification's limit
inline constexpr std::uint64_t kGgufTensorNameBytesMax = 64;       // the specification's limit
inline constexpr std::uint64_t kGgufArrayElementsMax = 16u << 20;  // of all arrays of one file together
inline constexpr std::string_view kGgufAlignmentKey = "general.alignment";

enum class GgufValueType : std::uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

inline constexpr std::uint32_t kGgufValueTypes = 13;

}  // namespace sixfold::formats
