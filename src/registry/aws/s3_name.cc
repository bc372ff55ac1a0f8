// Splits bucket, key, quantization and hash.
#include "registry/aws/s3_name.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/utf8.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kHashMark = "#sha256=";
constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::size_t kQuantizationBytesMax = 64;

bool is_bucket(std::string_view text) {
  constexpr std::size_t kBytesMin = 3;
  constexpr std::size_t kBytesMax = 63;
  const auto is_word = [](char letter) { return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'); };
  return text.size() >= kBytesMin && text.size() <= kBytesMax && is_word(text.front()) && is_word(text.back()) &&
         text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), [&](char letter) {
           return is_word(letter) || letter == '-' || letter == '.';
         });
}

bool is_key(std::string_view text) {
  return text.size() <= kKeyBytesMax && !text.starts_with('/') && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F; });
}

}  // namespace

std::string S3Name::text() const {
  return fmt::format("s3:{}/{}{}{}{}{}", bucket, key, quantization.empty() ? "" : ":", quantization,
                     sha256.empty() ? "" : kHashMark, sha256);
}

Result<S3Name> parse_s3_name(const std::string& rest) {
  const auto refuse = [](std::string_view reason) {
    return invalid_argument("s3: want s3:BUCKET/KEY or s3:BUCKET/FOLDER/[:QUANTIZATION]: {}", reason);
  };
  S3Name name;
  std::string text = rest.starts_with("//") ? rest.substr(2) : rest;
  if (const std::size_t mark = text.rfind(kHashMark); mark != std::string::npos) {
    name.sha256 = text.substr(mark + kHashMark.size());
    text.erase(mark);
    if (!is_sha256_hex(name.sha256)) return refuse("after #sha256= want 64 lower-case hex digits");
  }
  const std::size_t slash = text.find('/');
  name.bucket = text.substr(0, slash);
  if (slash != std::string::npos) name.key = text.substr(slash + 1);
  const std::size_t last = name.key.rfind('/');
  const std::size_t begin = last == std::string::npos ? 0 : last + 1;
  if (begin < name.key.size() && name.key[begin] == ':') {
    name.quantization = name.key.substr(begin + 1);
    name.key.erase(begin);
    if (name.quantization.empty() || name.quantization.size() > kQuantizationBytesMax) return refuse("quantization");
  }
  if (!is_bucket(name.bucket)) return refuse("a bucket has 3 to 63 small letters, digits, hyphens and dots");
  if (!is_key(name.key) || !is_key(name.quantization)) return refuse("the key is too long or no plain UTF-8");
  if (!name.sha256.empty() && name.is_folder()) return refuse("#sha256= is for one object");
  return name;
}

}  // namespace sixfold::registry
