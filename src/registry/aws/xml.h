// XML of AWS and of servers like it: parsed without entities of its own, read element by element.
#pragma once
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sixfold::registry {

// what: for messages, "GET https://host/path".  Errors: corrupt_data for anything but a well-formed document.
Result<pugi::xml_document> parse_xml(std::string_view text, std::string_view what);

// The text of the element at a path below `node`, "Credentials/AccessKeyId"; "" when absent.
std::string text_of(const pugi::xml_node& node, const char* path);

// The document as it is sent, without line breaks.
std::string xml_text(const pugi::xml_document& document);

// What an error answer says.  Empty fields where it does not; no control characters.
struct AwsError {
  std::string code;  // "NoSuchKey"
  std::string message;
  std::string region;      // where a bucket lies, when it was asked for elsewhere
  std::string request_id;  // what support asks for
};

// S3's <Error>, or another service's <ErrorResponse><Error>.  Takes any text.
AwsError parse_aws_error(std::string_view body);

}  // namespace sixfold::registry
