// s3:BUCKET/FOLDER/ or s3:BUCKET/FILE.gguf: objects, and last the list that tells a reader what belongs together.
#include <memory>

#include "core/error.h"
#include "registry/aws/s3_name.h"
#include "registry/push/s3_upload.h"
#include "registry/push/target_list.h"
#include "registry/pushed_list.h"

namespace sixfold::registry {

Result<Pushed> push_s3(const std::string& rest, const ModelToPush& model, const PushOptions& options) {
  SIXFOLD_TRY(const S3Name name, parse_s3_name(rest));
  if (!name.quantization.empty() || !name.sha256.empty()) {
    return invalid_argument("{}: a push wants s3:BUCKET/FOLDER/ or s3:BUCKET/FILE", name.text());
  }
  if (!name.is_folder() && model.files.size() != 1) {
    return invalid_argument("{}: the model has {} files: want a folder, {}/", name.text(), model.files.size(),
                            name.text());
  }
  const SourceContext& context = options.pull.context;
  SIXFOLD_TRY(const std::unique_ptr<S3Session> session, S3Session::open(name.bucket, context));
  Pushed pushed{.source = name.text()};
  PushProgress progress(model, options);
  for (const PushFile& file : model.files) {
    SIXFOLD_TRY(const UploadFile content, UploadFile::open(file.from));
    S3Upload upload(*session, context, name.is_folder() ? name.key + file.about.path : name.key);
    SIXFOLD_TRY(const std::uint64_t sent,
                upload.put(content, file.about.sha256, options.part_bytes, progress.counter(file.about)));
    pushed.sent_bytes += sent;
    progress.finish(file.about);
    pushed.files.push_back(file.about);
  }
  if (name.is_folder()) {
    S3Upload list(*session, context, name.key + std::string(kPushedListName));
    SIXFOLD_TRY_STATUS(list.put_json(pushed_list_json(pushed.files)));
  }
  return pushed;
}

}  // namespace sixfold::registry
