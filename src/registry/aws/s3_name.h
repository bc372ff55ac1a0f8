// "bucket/models/tiny/:Q8_0": what stands behind s3:.
#pragma once
#include <string>

#include "core/result.h"
#include "registry/file_choice.h"

namespace sixfold::registry {

struct S3Name {
  std::string bucket;
  std::string key;           // of an object; or a folder: "" or ending in '/'
  std::string quantization;  // within a folder; "" = the obvious choice
  std::string sha256;        // wanted of the object; "" = not said

  bool is_folder() const { return key.empty() || key.ends_with('/'); }
  std::string text() const;  // canonical: "s3:bucket/models/tiny/:Q8_0"
};

// rest: what follows "s3:"; "//" at its front is accepted.  Errors: invalid_argument.
// Source: Amazon S3 User Guide, "Bucket naming rules" and "Naming Amazon S3 objects".
Result<S3Name> parse_s3_name(const std::string& rest);

}  // namespace sixfold::registry
