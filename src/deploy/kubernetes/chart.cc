// Templates are the objects with marks where a value stands; the marks become template expressions once the object is
// text, because only there is it known how a value is written.
#include "deploy/kubernetes/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "core/version.h"
#include "deploy/kubernetes/objects.h"
#include "manifest/yaml_text.h"

namespace sixfold::deploy::kubernetes {
namespace {

constexpr std::string_view kMark = "@@";  // before and after a path; no valid value has it
constexpr std::string_view kName = "@@.name@@";

// Hands out marks, and collects what the values are where nobody chooses others.
class ChartValues final : public Parameters {
 public:
  std::string name(std::string_view suffix) override { return std::string(kName) + std::string(suffix); }
  json::object take() { return std::move(values_); }

  // A value that only the templates' conditions read.
  void add_switch(std::string_view path, bool is_on) { *place(path) = is_on; }

 private:
  json::value choose(std::string_view path, json::value own) override {
    json::value& value = *place(path);
    if (value.is_null()) value = std::move(own);
    return json::value(std::string(kMark) + std::string(path) + std::string(kMark));
  }

  json::value* place(std::string_view path) {
    json::object* object = &values_;
    for (;;) {
      const std::size_t dot = path.find('.');
      json::value& value = (*object)[json::string_view(path.data(), std::min(dot, path.size()))];
      if (dot == std::string_view::npos) return &value;
      if (!value.is_object()) value.emplace_object();
      object = &value.get_object();
      path.remove_prefix(dot + 1);
    }
  }

  json::object values_;
};

const json::value* value_at(const json::object& values, std::string_view path) {
  const json::object* object = &values;
  for (;;) {
    const std::size_t dot = path.find('.');
    const json::value* value = object->if_contains({path.data(), std::min(dot, path.size())});
    if (value == nullptr || dot == std::string_view::npos) return value;
    object = value->if_object();
    if (object == nullptr) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

// The whole of a scalar that is one mark: `"@@image@@"` after a key or a dash.
std::string expression_for(const json::value& value, std::string_view path, std::size_t indent) {
  if (value.is_array() || value.is_object()) {
    return fmt::format("{{{{- toYaml .Values.{} | nindent {} }}}}", path, indent);
  }
  return value.is_string() ? fmt::format("{{{{ .Values.{} | quote }}}}", path)
                           : fmt::format("{{{{ .Values.{} }}}}", path);
}

// Marks of a line become expressions.  Names stand within larger texts, values alone.
std::string template_line(std::string_view line, const json::object& values) {
  std::string out;
  const std::size_t indent = line.find_first_not_of(" -");
  while (!line.empty()) {
    const std::size_t begin = line.find(kMark);
    if (begin == std::string_view::npos) return out += line;
    const std::size_t end = line.find(kMark, begin + kMark.size());
    if (end == std::string_view::npos) return out += line;
    const std::string_view path = line.substr(begin + kMark.size(), end - begin - kMark.size());
    std::string_view front = line.substr(0, begin), back = line.substr(end + kMark.size());
    if (path == ".name") {
      out += front;
      out += "{{ include \"sixfold.name\" . }}";
    } else {
      const json::value* value = value_at(values, path);
      front.remove_suffix(1);  // the quotes that YAML put around the mark
      back.remove_prefix(1);
      const bool is_block = value->is_array() || value->is_object();
      if (is_block && front.ends_with(' ')) front.remove_suffix(1);
      out += front;
      out += expression_for(*value, path, indent + 2);
    }
    line = back;
  }
  return out;
}

std::string template_of(const Object& object, const json::object& values) {
  const std::string text = manifest::yaml_of(object.document);
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    out += template_line(rest.substr(0, end), values) + "\n";
    rest.remove_prefix(end + 1);
  }
  if (object.condition.empty()) return out;
  return fmt::format("{{{{- if .Values.{} }}}}\n{}{{{{- end }}}}\n", object.condition, out);
}

// The shape of the values, so that a typing error is found before anything is installed.
json::object schema_of(const json::value& value) {
  if (value.is_bool()) return {{"type", "boolean"}};
  if (value.is_number()) return {{"type", "integer"}, {"minimum", 0}};
  if (value.is_array()) return {{"type", "array"}, {"items", {{"type", "string"}}}};
  if (!value.is_object()) return {{"type", "string"}};
  json::object properties;
  for (const auto& field : value.get_object()) properties[field.key()] = schema_of(field.value());
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

constexpr std::string_view kHelpers = R"({{- define "sixfold.name" -}}
{{- .Values.nameOverride | default .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
)";

constexpr std::string_view kNotes = R"(The model is served inside the cluster at

  http://{{ include "sixfold.name" . }}.{{ .Release.Namespace }}.svc/v1

Try it from this machine:

  kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ include "sixfold.name" . }} 8080:80
  curl http://127.0.0.1:8080/v1/models
)";

}  // namespace

std::vector<RenderedFile> chart_of(const Settings& settings) {
  ChartValues parameters;
  Settings own = settings;
  own.space.clear();  // Helm's user chooses it
  const std::vector<Object> objects = objects_of(own, parameters);
  for (const Object& object : objects) {
    if (!object.condition.empty()) parameters.add_switch(object.condition, true);
  }
  json::object values = parameters.take();
  values["nameOverride"] = "";
  const std::string folder = settings.name + "/";
  const std::string version = settings.version.empty() ? "0.0.0" : settings.version;
  std::vector<RenderedFile> files;
  files.push_back(
      {folder + "Chart.yaml", manifest::yaml_of(json::object{{"apiVersion", "v2"},
                                                             {"name", settings.name},
                                                             {"description", "A language model, served by sixfold"},
                                                             {"type", "application"},
                                                             {"version", "0.1.0"},
                                                             {"appVersion", version},
                                                             {"kubeVersion", ">=1.30.0-0"}})});
  files.push_back({folder + "values.yaml", manifest::yaml_of(values)});
  json::object schema = schema_of(values);
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  // Helm gives every chart these.
  schema["properties"].get_object()["global"] = json::object{{"type", "object"}};
  files.push_back({folder + "values.schema.json", json::serialize(schema) + "\n"});
  files.push_back({folder + "templates/_helpers.tpl", std::string(kHelpers)});
  files.push_back({folder + "templates/NOTES.txt", std::string(kNotes)});
  for (const Object& object : objects) {
    files.push_back({folder + "templates/" + object.file, template_of(object, values)});
  }
  return files;
}

}  // namespace sixfold::deploy::kubernetes
