// Source: OCI distribution specification, "Push" and "Referrers Tag Schema".
#include "deploy/oci/push_image.h"

#include <boost/json/serialize.hpp>
#include <set>

#include "core/error.h"
#include "registry/push/oci_manifest.h"
#include "registry/push/oci_upload.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::uint64_t kPartBytes = std::uint64_t{16} << 20;

bool is_manifest(const Descriptor& blob) {
  return blob.media_type == kManifestType || blob.media_type == kIndexType;
}

class Pusher {
 public:
  Pusher(const BlobStore& store, registry::OciSession& session,
         const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : store_(store), session_(session), progress_(progress) {}

  Result<PushedImage> push() {
    SIXFOLD_TRY(const Image image, named_image(store_));
    std::vector<Descriptor> blobs = distinct(image.blobs);
    for (const Descriptor& blob : blobs) pushed_.bytes += blob.bytes;
    for (const Descriptor& blob : blobs) {
      if (!is_manifest(blob)) SIXFOLD_TRY_STATUS(send_blob(blob));
    }
    for (const Descriptor& blob : blobs) {
      if (blob.media_type == kManifestType && blob.digest != image.index.digest) {
        SIXFOLD_TRY_STATUS(send_manifest(blob, blob.digest));
      }
    }
    SIXFOLD_TRY_STATUS(send_manifest(image.index, session_.reference().tag));
    SIXFOLD_TRY_STATUS(add_referrer_tags());
    pushed_.digest = image.index.digest;
    return pushed_;
  }

 private:
  // A referrer of a registry that keeps no list of them, with its subject.
  struct Unlisted {
    std::string subject;
    json::object row;
  };

  static std::vector<Descriptor> distinct(const std::vector<Descriptor>& blobs) {
    std::set<std::string> seen;
    std::vector<Descriptor> out;
    for (const Descriptor& blob : blobs) {
      if (seen.insert(blob.digest).second) out.push_back(blob);
    }
    return out;
  }

  void count(std::uint64_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_, pushed_.bytes);
  }

  Status send_blob(const Descriptor& blob) {
    SIXFOLD_TRY(const registry::UploadFile file, registry::UploadFile::open(store_.path_of(blob.digest)));
    registry::OciUpload upload(session_, {blob.digest, blob.bytes}, kPartBytes);
    const registry::CountSent so_far = [&](std::uint64_t bytes) {
      if (progress_) progress_(done_ + bytes, pushed_.bytes);
    };
    SIXFOLD_TRY(const std::uint64_t sent,
                upload.run([&](auto offset, auto bytes) { return file.reader(offset, bytes, so_far); }, ""));
    pushed_.sent += sent;
    count(blob.bytes);
    return ok();
  }

  Status send_manifest(const Descriptor& blob, const std::string& version) {
    SIXFOLD_TRY(const std::string text, store_.text(blob));
    SIXFOLD_TRY(const registry::PutManifest put, registry::put_oci_manifest(session_, text, blob.media_type, version));
    SIXFOLD_TRY(const json::object document, parse_json_object(text, blob.digest));
    const json::object* subject = object_at(document, "subject");
    if (subject != nullptr && !put.has_subject) {
      json::object row = blob.value();
      row["artifactType"] = text_at(document, "artifactType");
      unlisted_.push_back({text_at(*subject, "digest"), std::move(row)});
    }
    count(blob.bytes);
    return ok();
  }

  // Others may have attached something too: their rows stay.
  Result<json::array> rows_at(const std::string& tag) {
    SIXFOLD_TRY(const net::TextResponse response, session_.send({.url = session_.url("/manifests/" + tag),
                                                                 .headers = {{"Accept", std::string(kIndexType)}}}));
    if (response.head.status == 404) return json::array();
    if (response.head.status != 200) return session_.explain(response.head);
    SIXFOLD_TRY(json::object index, parse_json_object(response.body, tag));
    const json::array* rows = array_at(index, "manifests");
    return rows == nullptr ? json::array() : *rows;
  }

  Status add_referrer_tags() {
    std::set<std::string> subjects;
    for (const Unlisted& each : unlisted_) subjects.insert(each.subject);
    for (const std::string& subject : subjects) {
      std::string tag = subject;  // "sha256:HEX"
      tag[tag.find(':')] = '-';
      SIXFOLD_TRY(json::array rows, rows_at(tag));
      const std::size_t before = rows.size();
      for (const Unlisted& each : unlisted_) {
        if (each.subject == subject && !has_row(rows, text_at(each.row, "digest"))) rows.push_back(each.row);
      }
      if (rows.size() == before) continue;
      const json::object index = {
          {"schemaVersion", 2}, {"mediaType", json_text(kIndexType)}, {"manifests", std::move(rows)}};
      SIXFOLD_TRY_STATUS(registry::put_oci_manifest(session_, json::serialize(index), kIndexType, tag));
    }
    return ok();
  }

  static bool has_row(const json::array& rows, const std::string& digest) {
    for (const json::value& row : rows) {
      if (row.is_object() && text_at(row.get_object(), "digest") == digest) return true;
    }
    return false;
  }

  const BlobStore& store_;
  registry::OciSession& session_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  PushedImage pushed_;
  std::uint64_t done_ = 0;
  std::vector<Unlisted> unlisted_;
};

}  // namespace

Result<PushedImage> push_image(const BlobStore& store, registry::OciSession& session,
                               const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  return Pusher(store, session, progress).push();
}

}  // namespace sixfold::deploy::oci
