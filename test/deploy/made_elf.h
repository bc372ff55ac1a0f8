// Programs and libraries that tests make: only what a loader reads, and a tail that it does not.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace sixfold::deploy::oci {

template <class T>
void put_in(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(value));
}

struct MadeElf {
  std::uint16_t machine = 62;
  std::string loader = "/lib64/loader";
  std::vector<std::string> needed = {};
  std::string run_path = {};
};

// Header, three segments, loader, dynamic table, texts, and a tail that nobody loads.
inline std::string make_elf(const MadeElf& made) {
  constexpr std::size_t kSegments = 64, kAfter = kSegments + 3 * 56, kAddress = 0x400000;
  const std::string loader = made.loader + '\0';
  std::string texts(1, '\0');
  std::vector<std::pair<std::uint64_t, std::uint64_t>> table;
  for (const std::string& name : made.needed) {
    table.emplace_back(1, texts.size());
    texts += name + '\0';
  }
  if (!made.run_path.empty()) {
    table.emplace_back(29, texts.size());
    texts += made.run_path + '\0';
  }
  const std::size_t dynamic_at = kAfter + loader.size(), dynamic_bytes = (table.size() + 3) * 16;
  const std::size_t texts_at = dynamic_at + dynamic_bytes;
  table.emplace_back(5, kAddress + texts_at);
  table.emplace_back(10, texts.size());
  table.emplace_back(0, 0);
  std::string bytes(texts_at, '\0');
  std::memcpy(bytes.data(),
              "\x7f"
              "ELF\x02\x01\x01",
              7);
  put_in<std::uint16_t>(bytes, 18, made.machine);
  put_in<std::uint64_t>(bytes, 32, kSegments);
  put_in<std::uint64_t>(bytes, 40, 0x1234);  // sections
  put_in<std::uint16_t>(bytes, 54, 56);
  put_in<std::uint16_t>(bytes, 56, 3);
  put_in<std::uint16_t>(bytes, 60, 9);
  put_in<std::uint16_t>(bytes, 62, 8);
  const auto segment = [&](std::size_t index, std::uint32_t kind, std::uint64_t offset, std::uint64_t size) {
    const std::size_t at = kSegments + index * 56;
    put_in(bytes, at, kind);
    put_in(bytes, at + 8, offset);
    put_in(bytes, at + 16, kAddress + offset);
    put_in(bytes, at + 32, size);
  };
  segment(0, 1, 0, texts_at + texts.size());
  segment(1, made.loader.empty() ? 0 : 3, kAfter, loader.size());
  segment(2, 2, dynamic_at, dynamic_bytes);
  std::memcpy(bytes.data() + kAfter, loader.data(), loader.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    put_in(bytes, dynamic_at + row * 16, table[row].first);
    put_in(bytes, dynamic_at + row * 16 + 8, table[row].second);
  }
  return bytes + texts + "names for debuggers";
}

}  // namespace sixfold::deploy::oci
