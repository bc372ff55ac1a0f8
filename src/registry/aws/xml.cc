// pugixml: it knows no entities but XML's own five, so that a small document cannot grow.
#include "registry/aws/xml.h"

#include <sstream>

#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kFieldBytesMax = 512;  // of what becomes part of a message

std::string printable(std::string text) {
  if (text.size() > kFieldBytesMax) text.resize(kFieldBytesMax);
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  return text;
}

}  // namespace

Result<pugi::xml_document> parse_xml(std::string_view text, std::string_view what) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return corrupt_data("{}: want XML, got {} at byte {}", what, parsed.description(), parsed.offset);
  return document;
}

std::string text_of(const pugi::xml_node& node, const char* path) {
  return node.first_element_by_path(path).child_value();
}

std::string xml_text(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

AwsError parse_aws_error(std::string_view body) {
  const auto document = parse_xml(body, "");
  if (!document.is_ok()) return {};
  pugi::xml_node error = document->child("Error");
  const pugi::xml_node outer = document->child("ErrorResponse");
  if (!error) error = outer.child("Error");
  std::string request_id = text_of(error, "RequestId");
  if (request_id.empty()) request_id = text_of(outer, "RequestId");
  return {printable(text_of(error, "Code")), printable(text_of(error, "Message")), printable(text_of(error, "Region")),
          printable(std::move(request_id))};
}

}  // namespace sixfold::registry
