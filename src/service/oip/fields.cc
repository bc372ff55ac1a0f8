// Tensors in by name; "parameters" as the generating endpoints of all dialects have them.
#include "service/oip/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

// As /predict's.
constexpr std::size_t kTokensDefault = 256;

std::vector<std::string_view> parameters_with(std::initializer_list<std::string_view> more) {
  std::vector<std::string_view> fields = generation_fields();
  std::erase(fields, "model");  // the path says it
  fields.insert(fields.end(), more);
  return fields;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
  }
  return segments;
}

const std::vector<FieldRule>& tensor_rules() {
  static const std::vector<FieldRule> kRules = {{"parameters",
                                                 "parameters of a tensor are not supported",
                                                 {R"({"content_type":"str"})", R"({"binary_data":false})"}}};
  return kRules;
}

// A column of texts: [n] or [n, 1].
void check_texts(FieldReader& reader, const HostTensor& tensor, std::size_t texts_max) {
  const bool is_column = tensor.shape.size() == 1 || (tensor.shape.size() == 2 && tensor.shape[1] == 1);
  if (tensor.type != ElementType::kString) {
    reader.refuse("datatype", fmt::format("want \"BYTES\" of \"{}\", got \"{}\"", tensor.name,
                                          element_type_info(tensor.type).protocol_name));
  } else if (!is_column) {
    reader.refuse("shape",
                  fmt::format("want [n] or [n,1] of \"{}\", got [{}]", tensor.name, fmt::join(tensor.shape, ",")));
  } else if (tensor.strings.empty() || tensor.strings.size() > texts_max) {
    reader.refuse("shape", fmt::format("want 1 to {} texts, got {}", texts_max, tensor.strings.size()));
  }
}

void read_inputs(FieldReader& reader, const BackendDescription& description, OipInferCall& call) {
  const json::array* inputs = reader.array("inputs");
  if (inputs == nullptr || inputs->empty()) return reader.refuse("inputs", "want an array of at least one tensor");
  const bool takes_pairs = !description.classes.empty();
  const std::size_t texts_max = description.generates ? limits::kChoicesMax : limits::kTextsMax;
  for_each_object(reader, "inputs", [&](FieldReader& inner) {
    check_fields(inner, {"name", "shape", "datatype", "data"}, tensor_rules());
    HostTensor tensor = read_oip_tensor(inner);
    if (!inner.is_ok()) return;
    std::vector<std::string>* texts = tensor.name == kOipText                  ? &call.texts
                                      : takes_pairs && tensor.name == kOipPair ? &call.pairs
                                                                               : nullptr;
    if (texts == nullptr) {
      inner.refuse("name", fmt::format("want \"{}\"{}, got \"{}\"", kOipText,
                                       takes_pairs ? fmt::format(" or \"{}\"", kOipPair) : "", tensor.name));
    } else if (!texts->empty()) {
      inner.refuse("name", fmt::format("\"{}\" is there twice", tensor.name));
    } else {
      check_texts(inner, tensor, texts_max);
      *texts = std::move(tensor.strings);
    }
  });
  if (!reader.is_ok()) return;
  if (call.texts.empty()) return reader.refuse("inputs", fmt::format("want a tensor \"{}\"", kOipText));
  if (!call.pairs.empty() && call.pairs.size() != call.texts.size()) {
    reader.refuse("inputs", fmt::format("want as many texts in \"{}\" as in \"{}\", {}, got {}", kOipPair, kOipText,
                                        call.texts.size(), call.pairs.size()));
  }
}

std::vector<std::string_view> outputs_of(const BackendDescription& description) {
  if (description.generates) return {kOipAnswer};
  std::vector<std::string_view> outputs;
  if (!description.classes.empty()) outputs.push_back(kOipLogits);
  if (description.embedding_width != 0) outputs.push_back(kOipEmbedding);
  return outputs;
}

void read_outputs(FieldReader& reader, const BackendDescription& description, OipInferCall& call) {
  const std::vector<std::string_view> known = outputs_of(description);
  call.output = known.empty() ? "" : known.front();
  const json::array* outputs = reader.array("outputs");
  if (outputs == nullptr || outputs->empty()) return;
  if (outputs->size() > 1) {
    return reader.refuse("outputs", fmt::format("want one tensor, got {}", outputs->size()));
  }
  for_each_object(reader, "outputs", [&](FieldReader& inner) {
    check_fields(inner, {"name"}, tensor_rules());
    const std::string_view name = inner.text("name").value_or("");
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      inner.refuse("name", fmt::format("want one of \"{}\", got \"{}\"", fmt::join(known, "\", \""), name));
    }
    call.output = name;
  });
}

void read_reading_parameters(FieldReader& parameters, OipInferCall& call) {
  check_fields(parameters, {"truncate", "dimensions"},
               {{"binary_data_output", "tensors in binary form are not supported", {}}});
  call.truncates = parameters.boolean("truncate").value_or(false);
  constexpr auto kWidthMax = static_cast<std::int64_t>(limits::kWidthMax);
  call.dimensions = static_cast<std::size_t>(parameters.integer("dimensions", 1, kWidthMax).value_or(0));
}

}  // namespace

OipTarget oip_target(std::string_view path) {
  constexpr std::string_view kFront = "/v2/models/";
  constexpr std::string_view kVerbs[] = {"ready", "infer", "generate", "generate_stream"};
  std::vector<std::string_view> segments = split(path.substr(std::min(kFront.size(), path.size())));
  OipTarget target;
  if (segments.size() > 1 && std::find(std::begin(kVerbs), std::end(kVerbs), segments.back()) != std::end(kVerbs)) {
    target.verb = segments.back();
    segments.pop_back();
  }
  if (segments.size() > 2 && segments[segments.size() - 2] == "versions") {
    target.version = segments.back();
    segments.resize(segments.size() - 2);
  }
  target.model = fmt::format("{}", fmt::join(segments, "/"));
  return target;
}

Parsed<OipInferCall> parse_oip_infer(std::string_view body, const BackendDescription& description) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"id", "inputs", "outputs", "parameters"}, {});
  OipInferCall call;
  call.id = reader.text("id").value_or("");
  call.shared.sampling = description.sampling;
  call.shared.tokens_max = kTokensDefault;
  read_inputs(reader, description, call);
  read_outputs(reader, description, call);
  if (const json::object* object = reader.object("parameters")) {
    FieldReader parameters(*object, "parameters");
    if (description.generates) {
      check_fields(parameters, parameters_with({}),
                   {{"binary_data_output", "tensors in binary form are not supported", {}}});
      read_generation(parameters, call.shared);
    } else {
      read_reading_parameters(parameters, call);
    }
    if (!parameters.is_ok()) reader.refuse(*parameters.refusal());
  }
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

Parsed<OipTensorCall> parse_oip_tensors(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"id", "inputs", "outputs"}, {{"parameters", "a model of tensors takes no parameters", {}}});
  OipTensorCall call;
  call.id = reader.text("id").value_or("");
  for_each_object(reader, "inputs", [&](FieldReader& inner) {
    check_fields(inner, {"name", "shape", "datatype", "data"}, tensor_rules());
    call.request.inputs.push_back(read_oip_tensor(inner));
  });
  for_each_object(reader, "outputs", [&](FieldReader& inner) {
    check_fields(inner, {"name"}, tensor_rules());
    call.request.outputs.emplace_back(inner.text("name").value_or(""));
  });
  if (call.request.inputs.empty() && reader.is_ok()) reader.refuse("inputs", "want an array of at least one tensor");
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

Parsed<OipGenerateCall> parse_oip_generate(std::string_view body, bool streams,
                                           const engine::SamplingOptions& sampling) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  OipGenerateCall call;
  call.request.sampling = sampling;
  call.request.tokens_max = kTokensDefault;
  const auto read = [&](FieldReader& fields, const std::vector<std::string_view>& known) {
    check_fields(fields, known, {{"exclude_input_in_output", "the input is never repeated in the output", {"true"}}});
    read_generation(fields, call.request);
    if (const auto details = fields.boolean("details")) call.wants_details = *details;
    const auto wants_stream = fields.boolean("stream");
    if (wants_stream && *wants_stream != streams) {
      fields.refuse("stream", "generate answers whole, generate_stream in pieces; the path chooses");
    }
  };
  // Some servers of the protocol take parameters beside the text, some in an object of their own.
  read(reader, parameters_with({"id", "text_input", "parameters", "details", "stream"}));
  if (const json::object* object = reader.object("parameters")) {
    FieldReader parameters(*object, "parameters");
    read(parameters, parameters_with({"details", "stream"}));
    if (!parameters.is_ok()) reader.refuse(*parameters.refusal());
  }
  call.id = reader.text("id").value_or("");
  const auto text = reader.text("text_input");
  if (!text && reader.is_ok()) reader.refuse("text_input", "want a string, got none");
  if (!reader.is_ok()) return *reader.refusal();
  call.request.input = std::string(*text);
  call.request.wants_logprobs = call.wants_details;
  return call;
}

}  // namespace sixfold::service
