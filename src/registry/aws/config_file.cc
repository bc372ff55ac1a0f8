// INI with one level of indented sub-keys.  Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials
// files".
#include "registry/aws/config_file.h"

#include <algorithm>

#include "core/error.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// "profile  work" is "profile work".
std::string heading_of(std::string_view line) {
  std::string heading;
  for (const char letter : trimmed(line.substr(1, line.find(']') - 1))) {
    const bool is_blank = letter == ' ' || letter == '\t';
    if (!is_blank) heading += letter;
    if (is_blank && !heading.ends_with(' ')) heading += ' ';
  }
  return heading;
}

std::string found_in(const std::map<std::string, AwsSection>& sections, const std::string& heading,
                     const std::string& key) {
  const auto section = sections.find(heading);
  if (section == sections.end()) return {};
  const auto value = section->second.find(key);
  return value == section->second.end() ? "" : value->second;
}

Result<std::map<std::string, AwsSection>> read_file(const std::string& path) {
  if (path.empty() || !is_file(path)) return std::map<std::string, AwsSection>();
  SIXFOLD_TRY(const std::string text, read_text_file(path, kFileBytesMax));
  return parse_aws_file(text);
}

}  // namespace

std::map<std::string, AwsSection> parse_aws_file(std::string_view text) {
  std::map<std::string, AwsSection> sections;
  AwsSection* section = nullptr;
  std::string outer;  // the last key without a value, which indented lines belong to
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::string_view content = trimmed(line);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      section = content.find(']') == std::string_view::npos ? nullptr : &sections[heading_of(content)];
      outer.clear();
      continue;
    }
    const std::size_t equals = content.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const std::string key(trimmed(content.substr(0, equals)));
    const std::string_view value = trimmed(content.substr(equals + 1));
    const bool is_nested = kBlanks.find(line.front()) != std::string_view::npos && !outer.empty();
    if (!is_nested) outer = value.empty() ? key : "";
    section->insert_or_assign(is_nested ? outer + "." + key : key, std::string(value));
  }
  return sections;
}

Result<AwsProfiles> AwsProfiles::read(const Environment& environment) {
  const std::string home = environment("HOME");
  const auto path_of = [&](const char* variable, const char* name) {
    const std::string own = environment(variable);
    if (own.starts_with("~/")) return home + own.substr(1);
    return own.empty() && !home.empty() ? home + "/.aws/" + name : own;
  };
  AwsProfiles profiles;
  SIXFOLD_TRY(profiles.config_, read_file(path_of("AWS_CONFIG_FILE", "config")));
  SIXFOLD_TRY(profiles.credentials_, read_file(path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials")));
  profiles.chosen_ = first_set(environment, {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  if (!profiles.chosen_.empty() && !profiles.has(profiles.chosen_)) {
    return not_found("AWS_PROFILE: no profile \"{}\" in the AWS config and credentials files", profiles.chosen_);
  }
  if (profiles.chosen_.empty()) profiles.chosen_ = "default";
  return profiles;
}

bool AwsProfiles::has(const std::string& profile) const {
  return credentials_.contains(profile) || config_.contains("profile " + profile) ||
         (profile == "default" && config_.contains(profile));
}

std::string AwsProfiles::value(const std::string& profile, const std::string& key) const {
  std::string value = found_in(credentials_, profile, key);
  if (value.empty()) value = found_in(config_, "profile " + profile, key);
  if (value.empty() && profile == "default") value = found_in(config_, profile, key);
  return value;
}

std::string AwsProfiles::section_value(const std::string& kind, const std::string& name, const std::string& key) const {
  return found_in(config_, kind + " " + name, key);
}

}  // namespace sixfold::registry
