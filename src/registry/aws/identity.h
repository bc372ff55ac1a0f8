// The keys in use: found once, and found again before they run out.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "registry/aws/login.h"

namespace sixfold::registry {

// One thread at a time.
class AwsIdentity {
 public:
  explicit AwsIdentity(AwsSetting setting);

  // The keys of the first place that has some, in the order of AWS's own tools: environment, role, web identity, single
  // sign-on, shared files, process, container, instance.  Nothing where no place has any: then requests go unsigned.
  // Looks again when a quarter of the time that the keys hold is left, at most 15 minutes before; when that fails, the
  // old ones are used as long as they hold.  Errors: those of the place that is set up and does not work.
  Result<std::optional<net::AwsCredentials>> keys();

  // They were refused: the next keys() looks again.  False when that cannot help, because they are written down
  // somewhere that is not read twice.
  bool renew();

  // `text` with all that is secret about the keys replaced.
  std::string without_secrets(std::string text) const;

 private:
  Result<std::optional<AwsLogin>> find() const;
  bool is_fresh(std::int64_t now) const;

  const AwsSetting setting_;
  std::optional<AwsLogin> login_;
  bool is_anonymous_ = false;
  std::int64_t renew_at_ = 0;  // of keys that run out; seconds since 1970
};

}  // namespace sixfold::registry
