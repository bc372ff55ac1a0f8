// Written out by hand: the rules are short, and a message can then say which of them was broken.
#include "deploy/kubernetes/names.h"

#include <algorithm>
#include <array>

#include "registry/oci_reference.h"

namespace sixfold::deploy::kubernetes {
namespace {

bool is_lower(char byte) {
  return byte >= 'a' && byte <= 'z';
}
bool is_upper(char byte) {
  return byte >= 'A' && byte <= 'Z';
}
bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool is_subdomain_part(std::string_view text) {
  const auto ends_well = [](char byte) { return is_lower(byte) || is_digit(byte); };
  return !text.empty() && text.size() <= 63 && ends_well(text.front()) && ends_well(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char byte) { return ends_well(byte) || byte == '-'; });
}

}  // namespace

bool is_dns_label(std::string_view text) {
  return is_subdomain_part(text) && is_lower(text.front());
}

bool is_dns_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_subdomain_part(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_label_value(std::string_view text) {
  const auto is_end = [](char byte) { return is_lower(byte) || is_upper(byte) || is_digit(byte); };
  if (text.size() > 63) return false;
  if (text.empty()) return true;
  return is_end(text.front()) && is_end(text.back()) && std::all_of(text.begin(), text.end(), [&](char byte) {
           return is_end(byte) || byte == '-' || byte == '_' || byte == '.';
         });
}

bool is_label_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return !text.empty() && is_label_value(text);
  return is_dns_subdomain(text.substr(0, slash)) && is_label_name(text.substr(slash + 1)) &&
         text.find('/', slash + 1) == std::string_view::npos;
}

bool is_quantity(std::string_view text) {
  static constexpr std::array<std::string_view, 14> kUnits = {"",  "m",  "k",  "M",  "G",  "T",  "P",
                                                              "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t end = 0;
  bool has_point = false, is_positive = false;
  for (; end < text.size() && (is_digit(text[end]) || (text[end] == '.' && !has_point && end > 0)); ++end) {
    has_point |= text[end] == '.';
    is_positive |= text[end] >= '1' && text[end] <= '9';
  }
  if (end == 0 || end > 18 || !is_positive || text[end - 1] == '.') return false;
  return std::find(kUnits.begin(), kUnits.end(), text.substr(end)) != kUnits.end();
}

bool is_image(std::string_view text) {
  return !text.empty() && text.find("://") == std::string_view::npos &&
         registry::parse_oci_reference(std::string(text)).is_ok();
}

bool is_variable(std::string_view text) {
  const auto is_letter = [](char byte) { return is_lower(byte) || is_upper(byte) || byte == '_'; };
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char byte) { return is_letter(byte) || is_digit(byte); });
}

std::string dns_label_of(std::string_view text) {
  std::string label;
  for (const char byte : text) {
    const char lower = is_upper(byte) ? static_cast<char>(byte + 32) : byte;
    if (is_lower(lower) || (is_digit(lower) && !label.empty())) {
      label += lower;
    } else if (!label.empty() && label.back() != '-') {
      label += '-';
    }
  }
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

}  // namespace sixfold::deploy::kubernetes
