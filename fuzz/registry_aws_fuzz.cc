// What a hostile S3 server, or a person's odd settings, can put into listings, errors, names and files.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "registry/aws/config_file.h"
#include "registry/aws/login.h"
#include "registry/aws/s3_name.h"
#include "registry/aws/s3_objects.h"
#include "registry/aws/xml.h"
#include "registry/pushed_list.h"

namespace {

using namespace sixfold::registry;

void require(bool is_true) {
  if (!is_true) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kInputMax = 1 << 14;
  if (size > kInputMax) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto page = parse_s3_page(text, "fuzz"); page.is_ok()) {
    for (const std::string& key : page->keys) require(!key.empty());
  }
  const AwsError error = parse_aws_error(text);
  for (const std::string* field : {&error.code, &error.message, &error.region, &error.request_id}) {
    for (const char letter : *field) require(static_cast<unsigned char>(letter) >= 0x20);
  }
  if (const auto name = parse_s3_name(text); name.is_ok()) {
    const auto again = parse_s3_name(name->text().substr(3));
    require(again.is_ok() && again->text() == name->text());
  }
  for (const auto& [heading, section] : parse_aws_file(text)) {
    for (const auto& [key, value] : section) require(key.find('\n') == std::string::npos);
  }
  if (const auto files = parse_pushed_list(text, "fuzz"); files.is_ok()) {
    const std::string written = pushed_list_json(*files);
    require(parse_pushed_list(written, "fuzz").is_ok());
  }
  static_cast<void>(parse_iso_time(text));
  return 0;
}
