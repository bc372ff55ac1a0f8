// Makes the bytes of a precompiled_charsmap from rules, for tests.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sixfold::tokenizer {

// Lays a double array out naively: each node takes the first offset at which its children find free places.
class DoubleArrayMaker {
 public:
  explicit DoubleArrayMaker(const std::map<std::string, std::uint32_t>& values) : units_(1 << 14), is_used_(1 << 14) {
    is_used_[0] = true;
    place(0, 0, values);
  }

  const std::vector<std::uint32_t>& units() const { return units_; }

 private:
  void place(std::uint32_t at, std::uint32_t label, const std::map<std::string, std::uint32_t>& values) {
    std::map<unsigned char, std::map<std::string, std::uint32_t>> children;
    for (const auto& [key, value] : values) {
      if (!key.empty()) children[static_cast<unsigned char>(key[0])][key.substr(1)] = value;
    }
    const auto own = values.find("");
    const bool has_value = own != values.end();
    const auto is_free = [&](std::uint32_t offset) {
      if (has_value && is_used_[at ^ offset]) return false;
      for (const auto& child : children) {
        if (is_used_[at ^ offset ^ child.first]) return false;
      }
      return true;
    };
    std::uint32_t offset = 1;
    while (!is_free(offset)) ++offset;
    units_[at] = offset << 10 | (has_value ? 1u << 8 : 0u) | label;
    if (has_value) {
      is_used_[at ^ offset] = true;
      units_[at ^ offset] = own->second | 1u << 31;
    }
    for (const auto& child : children) is_used_[at ^ offset ^ child.first] = true;
    for (const auto& child : children) place(at ^ offset ^ child.first, child.first, child.second);
  }

  std::vector<std::uint32_t> units_;
  std::vector<bool> is_used_;
};

inline std::string charsmap_bytes(const std::map<std::string, std::string>& rules) {
  std::string replacements;
  std::map<std::string, std::uint32_t> offsets;
  for (const auto& [from, to] : rules) {
    offsets[from] = static_cast<std::uint32_t>(replacements.size());
    replacements += to;
    replacements += '\0';
  }
  std::string bytes;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 0xFF);
  };
  const DoubleArrayMaker made(offsets);
  put(static_cast<std::uint32_t>(made.units().size() * 4));
  for (const std::uint32_t unit : made.units()) put(unit);
  return bytes + replacements;
}

}  // namespace sixfold::tokenizer
