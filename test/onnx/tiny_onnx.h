// Small ONNX models, written byte by byte as onnx.proto numbers its fields.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sixfold::onnx {

inline void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 128; number >>= 7) out += static_cast<char>(static_cast<unsigned char>(number) | 128);
  out += static_cast<char>(number);
}
inline std::string number_field(std::uint64_t field, std::uint64_t number) {
  std::string out;
  append_varint(out, field << 3);
  append_varint(out, number);
  return out;
}
inline std::string bytes_field(std::uint64_t field, std::string_view bytes) {
  std::string out;
  append_varint(out, field << 3 | 2);
  append_varint(out, bytes.size());
  return out += bytes;
}

// A dimension of -1 is called "N".
inline std::string value_info(std::string_view name, int type, const std::vector<std::int64_t>& shape) {
  std::string dimensions;
  for (const std::int64_t length : shape) {
    dimensions +=
        bytes_field(1, length < 0 ? bytes_field(2, "N") : number_field(1, static_cast<std::uint64_t>(length)));
  }
  const std::string tensor = number_field(1, static_cast<std::uint64_t>(type)) + bytes_field(2, dimensions);
  return bytes_field(1, name) + bytes_field(2, bytes_field(1, tensor));
}

inline std::string node(std::string_view operation, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
  std::string out;
  for (const std::string& name : inputs) out += bytes_field(1, name);
  for (const std::string& name : outputs) out += bytes_field(2, name);
  return out + bytes_field(4, operation);
}

inline std::string floats(std::string_view name, const std::vector<std::uint64_t>& shape,
                          const std::vector<float>& values) {
  std::string out;
  for (const std::uint64_t length : shape) out += number_field(1, length);
  std::string raw(values.size() * sizeof(float), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  return out + number_field(2, 1) + bytes_field(8, name) + bytes_field(9, raw);
}

// parts: fields of a graph.
inline std::string model(const std::string& parts) {
  return number_field(1, 8) + bytes_field(8, number_field(2, 13)) + bytes_field(7, parts + bytes_field(2, "g"));
}

// y = x W + b.  x: [rows, 2] f32, y: [rows, 1] f32; W is (2, -1), b is 0.5.  rows: -1 = any number.
inline std::string linear_model(std::int64_t rows = -1) {
  return model(bytes_field(1, node("MatMul", {"x", "W"}, {"p"})) + bytes_field(1, node("Add", {"p", "b"}, {"y"})) +
               bytes_field(5, floats("W", {2, 1}, {2, -1})) + bytes_field(5, floats("b", {1}, {0.5F})) +
               bytes_field(11, value_info("x", 1, {rows, 2})) + bytes_field(12, value_info("y", 1, {rows, 1})));
}

// Gives back what it gets, [N] of the ONNX type.
inline std::string identity_model(int type) {
  return model(bytes_field(1, node("Identity", {"in"}, {"out"})) + bytes_field(11, value_info("in", type, {-1})) +
               bytes_field(12, value_info("out", type, {-1})));
}

// An attribute with a list of numbers, or of texts.
inline std::string attribute(std::string_view name, const std::vector<std::uint64_t>& numbers,
                             const std::vector<std::string>& texts) {
  std::string out = bytes_field(1, name);
  for (const std::uint64_t number : numbers) out += number_field(8, number);
  for (const std::string& text : texts) out += bytes_field(9, text);
  return out + number_field(20, texts.empty() ? 7 : 8);
}

// As classifiers of scikit-learn end: "p" gives back x, [N, classes] f32, and "z" the same as maps from classes.
inline std::string zip_map_model(const std::vector<std::uint64_t>& numbers, const std::vector<std::string>& texts) {
  const bool is_text = !texts.empty();
  const std::string labels = is_text ? "classlabels_strings" : "classlabels_int64s";
  const auto classes = static_cast<std::int64_t>(is_text ? texts.size() : numbers.size());
  const std::string zip =
      node("ZipMap", {"x"}, {"z"}) + bytes_field(5, attribute(labels, numbers, texts)) + bytes_field(7, "ai.onnx.ml");
  const std::string tensor = bytes_field(1, number_field(1, 1));  // of float32
  const std::string map = bytes_field(5, number_field(1, is_text ? 8 : 7) + bytes_field(2, tensor));
  const std::string sequence = bytes_field(4, bytes_field(1, map));
  const std::string graph = bytes_field(1, node("Identity", {"x"}, {"p"})) + bytes_field(1, zip) +
                            bytes_field(11, value_info("x", 1, {-1, classes})) +
                            bytes_field(12, value_info("p", 1, {-1, classes})) +
                            bytes_field(12, bytes_field(1, "z") + bytes_field(2, sequence)) + bytes_field(2, "g");
  return number_field(1, 8) + bytes_field(8, number_field(2, 13)) +
         bytes_field(8, bytes_field(1, "ai.onnx.ml") + number_field(2, 1)) + bytes_field(7, graph);
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace sixfold::onnx
