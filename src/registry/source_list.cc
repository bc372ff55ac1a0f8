// The rows.
#include "registry/source_list.h"

#include <array>

#include "net/url.h"
#include "registry/aws/s3_name.h"
#include "registry/hub_name.h"
#include "registry/mlflow_name.h"
#include "registry/oci_reference.h"
#include "registry/ollama_name.h"

namespace sixfold::registry {
namespace {

std::string canonical_hub(const std::string& rest) {
  const auto name = parse_hub_name(rest);
  return name.is_ok() ? name->text() : "hf:" + rest;
}

std::string canonical_oci(const std::string& rest) {
  const auto reference = parse_oci_reference(rest);
  return "oci:" + (reference.is_ok() ? reference->text() : rest);
}

std::string canonical_ollama(const std::string& rest) {
  const auto name = parse_ollama_name(rest);
  return "ollama:" + (name.is_ok() ? name->text() : rest);
}

std::string canonical_mlflow(const std::string& rest) {
  const auto name = parse_mlflow_name(rest);
  return "mlflow:" + (name.is_ok() ? name->text() : rest);
}

std::string canonical_s3(const std::string& rest) {
  const auto name = parse_s3_name(rest);
  return name.is_ok() ? name->text() : "s3:" + rest;
}

constexpr std::array kRows = std::to_array<SourceRow>({
    {"hf:", "hf:ORG/NAME[@REVISION][:QUANTIZATION|/FILE]", canonical_hub, resolve_hub},
    {"oci:", "oci:[HOST/]NAME[:TAG|@sha256:HEX]", canonical_oci, resolve_oci},
    {"ollama:", "ollama:[HOST/][SPACE/]MODEL[:TAG]", canonical_ollama, resolve_ollama},
    {"mlflow:", "mlflow:[models:/]NAME[/VERSION|@ALIAS] or mlflow:runs:/RUN/PATH", canonical_mlflow, resolve_mlflow},
    {"s3:", "s3:BUCKET/KEY | s3:BUCKET/FOLDER/[:QUANTIZATION]", canonical_s3, resolve_s3},
    {"https:", "https://HOST/FILE[#sha256=HEX]",
     [](const std::string& rest) { return net::shown_url("https:" + rest); }, resolve_https},
    {"http:", "http://HOST/FILE[#sha256=HEX]", [](const std::string& rest) { return net::shown_url("http:" + rest); },
     resolve_http},
    {"file:", "file:PATH", [](const std::string& rest) { return "file:" + rest; }, resolve_file},
});

}  // namespace

std::span<const SourceRow> source_rows() {
  return kRows;
}

const SourceRow* find_source(std::string_view source) {
  for (const SourceRow& row : kRows) {
    if (source.starts_with(row.scheme)) return &row;
  }
  return nullptr;
}

}  // namespace sixfold::registry
