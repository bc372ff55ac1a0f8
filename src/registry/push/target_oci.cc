// oci:HOST/NAME:TAG: blobs first, the manifest last, which alone makes them a model.
#include <optional>

#include "core/digest.h"
#include "core/error.h"
#include "registry/push/oci_manifest.h"
#include "registry/push/oci_model.h"
#include "registry/push/oci_upload.h"
#include "registry/push/target_list.h"

namespace sixfold::registry {
namespace {

// The repository at the same registry that the model came from, whose blobs need not be sent again.
std::string mount_from(const std::string& source, const OciReference& target) {
  constexpr std::string_view kScheme = "oci:";
  if (!source.starts_with(kScheme)) return {};
  const auto origin = parse_oci_reference(source.substr(kScheme.size()));
  const bool is_near = origin.is_ok() && origin->host == target.host && origin->repository != target.repository;
  return is_near ? origin->repository : "";
}

}  // namespace

Result<Pushed> push_oci(const std::string& rest, const ModelToPush& model, const PushOptions& options) {
  SIXFOLD_TRY(const OciReference reference, parse_oci_reference(rest));
  if (!reference.digest.empty()) return invalid_argument("oci:{}: a push wants a tag, not a digest", rest);
  const SourceContext& context = options.pull.context;
  OciSession session(reference, find_docker_login(context.environment, reference.host), context.http);
  const std::string near = mount_from(model.source, reference);
  Pushed pushed{.source = "oci:" + reference.text()};
  PushProgress progress(model, options);
  for (const PushFile& file : model.files) {
    SIXFOLD_TRY(const UploadFile content, UploadFile::open(file.from));
    const CountSent count = progress.counter(file.about);
    OciUpload upload(session, {sha256_digest(file.about.sha256), file.about.bytes}, options.part_bytes);
    SIXFOLD_TRY(const std::uint64_t sent,
                upload.run([&](auto offset, auto bytes) { return content.reader(offset, bytes, count); }, near));
    pushed.sent_bytes += sent;
    progress.finish(file.about);
    pushed.files.push_back(file.about);
  }
  const std::string config = oci_model_config(model);
  OciUpload upload(session, {sha256_digest(sha256_hex(config)), config.size()}, options.part_bytes);
  SIXFOLD_TRY_STATUS(upload.run(content_of_text(config), ""));
  SIXFOLD_TRY(const PutManifest put,
              put_oci_manifest(session, oci_model_manifest(model, config), kOciManifestType, session.reference().tag));
  pushed.revision = put.digest;
  return pushed;
}

}  // namespace sixfold::registry
