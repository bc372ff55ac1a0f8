// AWS's shared files, ~/.aws/config and ~/.aws/credentials, as one set of profiles.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "registry/environment.h"

namespace sixfold::registry {

// Key to value; a nested one is "s3.addressing_style".
using AwsSection = std::map<std::string, std::string>;

// Sections by their heading as written: "default", "profile work", "sso-session main".  What is not understood is
// skipped: other programs keep their own things there.
std::map<std::string, AwsSection> parse_aws_file(std::string_view text);

// Immutable.
class AwsProfiles {
 public:
  // $AWS_CONFIG_FILE and $AWS_SHARED_CREDENTIALS_FILE, else the two in ~/.aws; a file that is not there is empty.
  // Errors: not_found when AWS_PROFILE names a profile that neither has; resource_exhausted (file too long).
  static Result<AwsProfiles> read(const Environment& environment);

  // The profile in use: $AWS_PROFILE, $AWS_DEFAULT_PROFILE or "default".
  const std::string& chosen() const { return chosen_; }
  bool has(const std::string& profile) const;
  // "" when absent.  The credentials file wins over the other one.
  std::string value(const std::string& profile, const std::string& key) const;
  std::string value(const std::string& key) const { return value(chosen_, key); }
  // Of another kind of section: ("sso-session", "main", "sso_region").
  std::string section_value(const std::string& kind, const std::string& name, const std::string& key) const;

 private:
  AwsProfiles() = default;

  std::string chosen_;
  std::map<std::string, AwsSection> config_;
  std::map<std::string, AwsSection> credentials_;
};

}  // namespace sixfold::registry
