// The files of a chart; each template is an object whose values were marked.
#include "deploy/kubernetes/chart.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <utility>

#include "deploy/kubernetes/chart_values.h"
#include "deploy/kubernetes/objects.h"
#include "manifest/yaml_text.h"

namespace sixfold::deploy::kubernetes {
namespace {

// sixfold.name: a release's name may have dots and more letters than an object's with its suffix.
// sixfold.version: the tag of an image, if it has one and no digest.
constexpr std::string_view kHelpers = R"({{- define "sixfold.name" -}}
{{- .Values.nameOverride | default .Release.Name | replace "." "-" | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- define "sixfold.version" -}}
{{- if not (contains "@" .) -}}
{{- regexFind ":[A-Za-z0-9][A-Za-z0-9_.-]*$" . | trimPrefix ":" | trunc 63 | trimAll "-_." -}}
{{- end -}}
{{- end -}}
)";

constexpr std::string_view kNotes = R"(The model is served inside the cluster at

  http://{{ include "sixfold.name" . }}.{{ .Release.Namespace }}.svc/v1

Try it from this machine:

  kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ include "sixfold.name" . }} 8080:80
  curl http://127.0.0.1:8080/v1/models
)";

std::string template_of(const Object& object, const ChartValues& values) {
  std::string text = values.template_of(object.document);
  if (object.without_canary) {
    text = fmt::format("{{{{- if .Values.canary.enabled }}}}\n{}{{{{- else }}}}\n{}{{{{- end }}}}\n", text,
                       values.template_of(*object.without_canary));
  }
  for (const std::string& toggle : object.toggles) {
    text = fmt::format("{{{{- if .Values.{} }}}}\n{}{{{{- end }}}}\n", toggle, text);
  }
  return text;
}

json::object about_chart(const Settings& settings) {
  json::object about = {{"apiVersion", "v2"},
                        {"name", settings.name},
                        {"description", "A language model, served by sixfold"},
                        {"type", "application"},
                        {"version", "0.1.0"},
                        {"appVersion", settings.version.empty() ? "0.0.0" : settings.version},
                        {"kubeVersion", ">=1.30.0-0"}};
  if (!settings.space.empty()) about["annotations"] = json::object{{kNamespaceAnnotation, settings.space}};
  return about;
}

}  // namespace

std::vector<RenderedFile> chart_of(const Settings& settings) {
  ChartValues values;
  Settings own = settings;
  own.space.clear();  // objects go to the namespace of the release
  const std::vector<Object> objects = objects_of(own, values);
  for (const Object& object : objects) {
    for (const std::string& toggle : object.toggles) values.add(toggle, true, {{"type", "boolean"}});
  }
  values.add("nameOverride", "", {{"type", "string"}, {"pattern", "^([a-z]([a-z0-9-]*[a-z0-9])?)?$"}});
  json::object schema = values.schema();
  schema["properties"].get_object()["global"] = json::object{{"type", "object"}};  // Helm gives every chart these

  const std::string folder = settings.name + "/";
  std::vector<RenderedFile> files;
  files.push_back({folder + "Chart.yaml", manifest::yaml_of(about_chart(settings))});
  files.push_back({folder + "values.yaml", manifest::yaml_of(values.values())});
  files.push_back({folder + "values.schema.json", json::serialize(schema) + "\n"});
  files.push_back({folder + "templates/_helpers.tpl", std::string(kHelpers)});
  files.push_back({folder + "templates/NOTES.txt", std::string(kNotes)});
  for (const Object& object : objects)
    files.push_back({folder + "templates/" + object.file, template_of(object, values)});
  return files;
}

}  // namespace sixfold::deploy::kubernetes
