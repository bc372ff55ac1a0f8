// A mark is the number of an expression.  Whatever people may write freely is a value, so templates hold no text that
// could be taken for a mark or for an expression.
#include "deploy/kubernetes/chart_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "manifest/yaml_text.h"

namespace sixfold::deploy::kubernetes {
namespace {

constexpr std::string_view kMark = "@@";  // on both sides of the number
constexpr std::string_view kProperties = "properties";

json::object& object_in(json::object& parent, std::string_view key) {
  json::value& value = parent[key];
  if (!value.is_object()) value.emplace_object();
  return value.get_object();
}

// Nobody may add a property, and nobody may take one away (with null).
void close_object(json::object& schema) {
  schema["type"] = "object";
  schema["additionalProperties"] = false;
  json::array required;
  for (auto& property : object_in(schema, kProperties)) {
    required.push_back(json::value(property.key()));
    json::object& inner = property.value().get_object();
    if (inner.contains(kProperties)) close_object(inner);
  }
  schema["required"] = std::move(required);
}

}  // namespace

std::string ChartValues::name(std::string_view suffix) {
  return mark({"include \"sixfold.name\" .", Place::kWithin}) + std::string(suffix);
}

std::optional<json::value> ChartValues::count_without(std::string_view toggle, std::string_view path, std::uint64_t own,
                                                      Range range) {
  add(path, json::value(own), range_schema(range));
  return json::value(mark({fmt::format(".Values.{} | int", path), Place::kAlone, std::string(toggle)}));
}

json::value ChartValues::computed(json::value own, std::string_view expression) {
  return json::value(mark({fmt::format("{}{}", expression, own.is_string() ? " | quote" : ""),
                           own.is_array() ? Place::kBlock : Place::kAlone}));
}

void ChartValues::add(std::string_view path, json::value own, json::object schema) {
  json::object *values = &values_, *properties = &properties_;
  for (;;) {
    const std::size_t dot = path.find('.');
    const std::string_view key = path.substr(0, dot);
    if (dot == std::string_view::npos) {
      values->emplace(key, std::move(own));
      properties->emplace(key, std::move(schema));
      return;
    }
    values = &object_in(*values, key);
    properties = &object_in(object_in(*properties, key), kProperties);
    path.remove_prefix(dot + 1);
  }
}

json::value ChartValues::choose(std::string_view path, json::value own, json::object schema) {
  Expression expression{fmt::format(".Values.{} | {}", path, own.is_string() ? "quote" : "int"), Place::kAlone};
  if (own.is_array()) expression = {fmt::format("toYaml .Values.{}", path), Place::kBlock};
  add(path, std::move(own), std::move(schema));
  return json::value(mark(std::move(expression)));
}

std::string ChartValues::mark(Expression expression) {
  expressions_.push_back(std::move(expression));
  return fmt::format("{0}{1}{0}", kMark, expressions_.size() - 1);
}

const ChartValues::Expression* ChartValues::find(std::string_view number) const {
  std::size_t index = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), index);
  const bool is_number = read.ec == std::errc() && read.ptr == number.data() + number.size();
  return is_number && index < expressions_.size() ? &expressions_[index] : nullptr;
}

json::object ChartValues::schema() const {
  json::object schema;
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  schema[kProperties] = properties_;
  close_object(schema);
  return schema;
}

std::string ChartValues::line_of(std::string_view line) const {
  const std::size_t indent = std::min(line.find_first_not_of(" -"), line.size());
  std::string out, toggle;
  for (;;) {
    const std::size_t begin = line.find(kMark);
    if (begin == std::string_view::npos) break;
    const std::size_t end = line.find(kMark, begin + kMark.size());
    if (end == std::string_view::npos) break;
    const Expression* expression = find(line.substr(begin + kMark.size(), end - begin - kMark.size()));
    if (expression == nullptr) break;
    std::string_view front = line.substr(0, begin);
    line.remove_prefix(end + kMark.size());
    if (expression->place != Place::kWithin) {  // without the quotes that YAML put around the mark
      front.remove_suffix(1);
      line.remove_prefix(1);
    }
    if (expression->place == Place::kBlock) {
      if (front.ends_with(' ')) front.remove_suffix(1);
      out += fmt::format("{}{{{{- {} | nindent {} }}}}", front, expression->text, indent + 2);
    } else {
      out += fmt::format("{}{{{{ {} }}}}", front, expression->text);
    }
    if (!expression->toggle.empty()) toggle = expression->toggle;
  }
  out += line;
  if (toggle.empty()) return out + "\n";
  return fmt::format("{{{{- if not .Values.{} }}}}\n{}\n{{{{- end }}}}\n", toggle, out);
}

std::string ChartValues::template_of(const json::object& document) const {
  const std::string text = manifest::yaml_of(document);
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    out += line_of(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace sixfold::deploy::kubernetes
