// Dates with their real calendar, times, and names and numbers of the net.
#include "grammar/string_formats.h"

#include <algorithm>
#include <array>
#include <string>

namespace sixfold::grammar {
namespace {

// RFC 3339, full-date: months of 31 and 30 days, February, and its 29th in leap years of the Gregorian calendar.
constexpr std::string_view kDate =
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[048]|[2468][048]|[13579][26])00)-02-29)";

// RFC 3339, full-time, without leap seconds, which only some minutes have.
constexpr std::string_view kTime =
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";

// RFC 3339, appendix A.
constexpr std::string_view kDuration =
    "P([0-9]{1,9}W"
    "|([0-9]{1,9}D|[0-9]{1,9}M([0-9]{1,9}D)?|[0-9]{1,9}Y([0-9]{1,9}M([0-9]{1,9}D)?)?)"
    "(T([0-9]{1,9}H([0-9]{1,9}M([0-9]{1,9}S)?)?|[0-9]{1,9}M([0-9]{1,9}S)?|[0-9]{1,9}S))?"
    "|T([0-9]{1,9}H([0-9]{1,9}M([0-9]{1,9}S)?)?|[0-9]{1,9}M([0-9]{1,9}S)?|[0-9]{1,9}S))";

// RFC 9562.
constexpr std::string_view kUuid = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

// RFC 2673, section 3.2: no leading zeros.
constexpr std::string_view kByte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

// RFC 1123: labels of letters, digits and single inner hyphens, at most four so that the whole stays below 253
// characters.  Labels with two hyphens in a row ("xn--") have rules of their own and are left out.
constexpr std::string_view kLabel = "[a-zA-Z0-9](-?[a-zA-Z0-9]){0,30}";

std::string ipv4() {
  return std::string(kByte) + "(\\." + std::string(kByte) + "){3}";
}

// RFC 4291, section 2.2: eight groups, or fewer around one "::".  Not the form that ends like IPv4.
std::string ipv6() {
  const std::string group = "[0-9a-fA-F]{1,4}";
  std::string pattern = "(" + group + ":){7}" + group;
  for (int before = 0; before <= 7; ++before) {
    pattern += "|";
    if (before > 0) pattern += group + "(:" + group + "){" + std::to_string(before - 1) + "}";
    pattern += "::";
    if (before < 7) pattern += "(" + group + "(:" + group + "){0," + std::to_string(6 - before) + "})?";
  }
  return pattern;
}

std::string hostname() {
  return std::string(kLabel) + "(\\." + std::string(kLabel) + "){0,3}";
}

// Of hosts within other texts: shorter, so that a length beside the format stays a small automaton.
constexpr std::string_view kShortLabel = "[a-zA-Z0-9](-?[a-zA-Z0-9]){0,15}";

// RFC 5321: a dot-string of at most 64 characters before the "@", and a host behind it.
std::string email() {
  const std::string atom = "[a-zA-Z0-9_+-]{1,20}";
  const std::string label(kShortLabel);
  return atom + "(\\." + atom + "){0,2}@" + label + "(\\." + label + "){1,2}";
}

// RFC 3986, of the kind that names a host, or a file without one: what the URL standard (url.spec.whatwg.org) reads
// too, so the last label of a name begins with a letter, and ports are below 65536.
std::string uri() {
  const std::string escape = "%[0-9A-Fa-f]{2}";
  const std::string character = "([A-Za-z0-9._~!$&'()*+,;=:@-]|" + escape + ")";
  // Labels of any length, as that standard has it: with bounds, a maxLength beside them becomes a large automaton.
  const std::string label = "[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*";
  const std::string name = "(" + label + "\\.)*[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*";
  const std::string port = "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?";
  const std::string path = "(/" + character + "*)*";
  const std::string rest = "([A-Za-z0-9._~!$&'()*+,;=:@/?-]|" + escape + ")*";
  return "[A-Za-z][A-Za-z0-9+.-]{0,9}://((" + name + "|" + ipv4() + ")" + port + path + "|/" + character + "+" + path +
         ")(\\?" + rest + ")?(#" + rest + ")?";
}

}  // namespace

std::string pattern_of_format(std::string_view format) {
  if (format == "date") return std::string(kDate);
  if (format == "time") return std::string(kTime);
  if (format == "date-time") return std::string(kDate) + "T" + std::string(kTime);
  if (format == "duration") return std::string(kDuration);
  if (format == "uuid") return std::string(kUuid);
  if (format == "ipv4") return ipv4();
  if (format == "ipv6") return ipv6();
  if (format == "hostname") return hostname();
  if (format == "email") return email();
  if (format == "uri") return uri();
  return {};
}

std::vector<std::string_view> known_formats() {
  return {"date", "time", "date-time", "duration", "uuid", "ipv4", "ipv6", "hostname", "email", "uri"};
}

bool is_standard_format(std::string_view format) {
  constexpr std::array<std::string_view, 9> kOthers = {"idn-email",     "idn-hostname",  "iri",
                                                       "iri-reference", "json-pointer",  "relative-json-pointer",
                                                       "uri-template",  "uri-reference", "regex"};
  return std::find(kOthers.begin(), kOthers.end(), format) != kOthers.end();
}

}  // namespace sixfold::grammar
