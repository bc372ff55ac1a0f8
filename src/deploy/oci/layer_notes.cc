// The key is a hash of paths, modes and the contents' hashes; the layer's own digest is only known once it is made.
#include "deploy/oci/layer_notes.h"

#include <zlib.h>

#include <boost/json/serialize.hpp>

#include "core/error.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

constexpr std::size_t kNotesBytesMax = 1u << 20;
constexpr std::string_view kFormat = "2";  // the next number when layers of the same content come out otherwise

std::string notes_path(const BlobStore& store) {
  return store.folder() + "/layers.json";
}

Result<std::string> key_of(const std::vector<LayerEntry>& entries, Compression compression, ContentHashes& hashes) {
  std::map<std::string, std::string> lines;
  for (const LayerEntry& entry : entries) {
    std::string content = sha256_hex(entry.text);
    if (!entry.from.empty()) {
      SIXFOLD_TRY(content, hashes.of_file(entry.from));
    }
    lines[entry.path] = fmt::format(
        "{} {:o} {} {} {} {} {} {}\n", entry.kind == LayerEntry::Kind::kFolder ? "folder" : "file", entry.mode,
        entry.owner, entry.bytes_of_file.value_or(0), entry.blank.offset, entry.blank.bytes, content, entry.path);
  }
  Hasher key;
  key.add(fmt::format("{} {}\n", kFormat, compression == Compression::kGzip ? zlibVersion() : "none"));
  for (const auto& [path, line] : lines) key.add(line);
  return key.finish();
}

}  // namespace

LayerNotes::LayerNotes(const BlobStore& store) : store_(store) {
  const std::string path = notes_path(store);
  if (!registry::is_file(path)) return;
  const auto text = read_text_file(path, kNotesBytesMax);
  if (!text.is_ok()) return;
  const auto document = parse_json_object(*text, path);
  if (!document.is_ok()) return;
  for (const auto& field : *document) {
    const json::object* note = field.value().if_object();
    const json::value* blob = note == nullptr ? nullptr : note->if_contains("blob");
    if (blob == nullptr) continue;
    auto descriptor = parse_descriptor(*blob, path);
    if (!descriptor.is_ok() || !store.has(*descriptor)) continue;
    known_[field.key()] = {*std::move(descriptor), text_at(*note, "diff_id")};
  }
}

Result<Layer> LayerNotes::layer_of(std::vector<LayerEntry> entries, Compression compression, ContentHashes& hashes,
                                   const LayerWatch& watch, bool& made) {
  SIXFOLD_TRY(const std::string key, key_of(entries, compression, hashes));
  const auto found = known_.find(key);
  made = found == known_.end();
  if (!made) return found->second;
  SIXFOLD_TRY_STATUS(registry::check_disk_room(store_.folder(), content_bytes(entries)));
  SIXFOLD_TRY(Layer layer, write_layer(store_, std::move(entries), compression, watch));
  known_[key] = layer;
  SIXFOLD_TRY_STATUS(save());
  return layer;
}

Status LayerNotes::save() const {
  json::object document;
  for (const auto& [key, layer] : known_) {
    document[key] = json::object{{"blob", layer.blob.value()}, {"diff_id", layer.diff_id}};
  }
  return registry::write_text_file(notes_path(store_), json::serialize(document) + "\n");
}

}  // namespace sixfold::deploy::oci
