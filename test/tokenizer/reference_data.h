// Reads the reference vocabularies of the test data.
#pragma once
#include <zlib.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "formats/checkpoint.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// Nothing when SIXFOLD_TESTDATA is not set.
inline std::optional<std::string> reference_folder() {
  const char* root = std::getenv("SIXFOLD_TESTDATA");
  if (root == nullptr) return std::nullopt;
  return std::string(root) + "/golden/tokenizer/";
}

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline std::vector<std::byte> read_gzip(const std::string& path) {
  std::vector<std::byte> bytes;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return bytes;
  std::byte buffer[1 << 16];
  for (int count = 0; (count = gzread(file, buffer, sizeof(buffer))) > 0;) {
    bytes.insert(bytes.end(), buffer, buffer + count);
  }
  gzclose(file);
  return bytes;
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

inline Vocabulary vocabulary_of(const formats::Checkpoint& file) {
  const auto id = [&](const char* name) -> std::optional<TokenId> {
    const auto number = file.unsigned_integer(std::string("tokenizer.ggml.") + name + "_token_id");
    if (!number.is_ok()) return std::nullopt;
    return static_cast<TokenId>(*number);
  };
  const auto flag = [&](const char* name) -> std::optional<bool> {
    const auto value = file.boolean(std::string("tokenizer.ggml.") + name);
    if (!value.is_ok()) return std::nullopt;
    return *value;
  };
  Vocabulary vocabulary;
  vocabulary.model = file.string("tokenizer.ggml.model").value();
  vocabulary.pretokenizer = file.string_or("tokenizer.ggml.pre", "").value();
  vocabulary.tokens = *file.strings("tokenizer.ggml.tokens").value();
  if (const auto scores = file.numbers("tokenizer.ggml.scores"); scores.is_ok()) {
    for (const double score : *scores) vocabulary.scores.push_back(static_cast<float>(score));
  }
  if (const auto kinds = file.integers("tokenizer.ggml.token_type"); kinds.is_ok()) {
    for (const auto kind : *kinds) vocabulary.kinds.push_back(static_cast<TokenKind>(kind));
  }
  if (const auto merges = file.strings("tokenizer.ggml.merges"); merges.is_ok()) {
    vocabulary.merges = **merges;
  }
  vocabulary.bos = id("bos");
  vocabulary.eos = id("eos");
  vocabulary.unknown = id("unknown");
  vocabulary.padding = id("padding");
  vocabulary.classifier = id("cls");
  vocabulary.separator = id("seperator");
  vocabulary.adds_bos = flag("add_bos_token");
  vocabulary.adds_eos = flag("add_eos_token");
  vocabulary.adds_space_prefix = flag("add_space_prefix");
  return vocabulary;
}

}  // namespace sixfold::tokenizer
