// The names "instances", "inputs", "predictions" and "outputs" mean what they mean to TensorFlow Serving's clients.
#include "service/predict_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/tensor_limits.h"
#include "service/later_answer.h"
#include "service/openai_fields.h"
#include "service/tensor_json.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kForms[] = {"input", "features", "instances", "inputs"};

Refusal refusal_at(const std::string& path, std::string_view reason) {
  return Refusal{invalid_argument("\"{}\": {}", path, reason), path, {}};
}

std::string names_of(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) names += (names.empty() ? "\"" : ", \"") + spec.name + "\"";
  return names;
}

TensorShape without_first(const TensorShape& shape) {
  return {shape.begin() + (shape.empty() ? 0 : 1), shape.end()};
}

bool fits(const TensorShape& want, const TensorShape& got) {
  return want.size() == got.size() &&
         std::equal(want.begin(), want.end(), got.begin(), [](auto w, auto g) { return w < 0 || w == g; });
}

std::int64_t product(const TensorShape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) count *= length;  // of values that are there, or of a checked signature
  return count;
}

// A list, or a single value, of as many elements as a shape without unknown lengths has, is as good as nested arrays.
bool flows_into(const TensorShape& want, const TensorShape& got) {
  if (got.size() > 1 || std::any_of(want.begin(), want.end(), [](std::int64_t length) { return length < 0; })) {
    return false;
  }
  const auto count = element_count(want);
  return count.is_ok() && static_cast<std::int64_t>(*count) == product(got);
}

// Collects the tensors of a request, value by value.
class TensorCollector {
 public:
  explicit TensorCollector(const TensorSignature& signature) : specs_(signature.inputs) {
    for (const TensorSpec& spec : specs_) {
      tensors_.push_back({.name = spec.name, .type = spec.type, .shape = {}, .bytes = {}, .strings = {}});
    }
    given_.resize(specs_.size());
  }

  // One row: a value for a model of one input, or an object with one for each.
  void add_row(const json::value& value, const std::string& path) {
    add_values(value, path, [this](std::size_t index, const json::value& part, const std::string& where) {
      add_row_of(index, part, where);
    });
    ++rows_;
  }

  // A row, or a whole tensor, of a model of one input; or an object of those.
  void add_input(const json::value& value, const std::string& path) {
    add_values(value, path, [this](std::size_t index, const json::value& part, const std::string& where) {
      add_tensor_of(index, part, where, true);
    });
    if (!is_ok()) return;
    rows_ = has_rows(specs_) ? static_cast<std::size_t>(tensors_.front().shape.front()) : 1;
    for (const HostTensor& tensor : tensors_) {
      if (has_rows(specs_) && static_cast<std::size_t>(tensor.shape.front()) != rows_) {
        refuse(refusal_at(path, fmt::format("\"{}\" has {} rows and \"{}\" {}", tensors_.front().name, rows_,
                                            tensor.name, tensor.shape.front())));
      }
    }
  }

  void add_tensors(const json::value& value, const std::string& path) {
    add_values(value, path, [this](std::size_t index, const json::value& part, const std::string& where) {
      add_tensor_of(index, part, where, false);
    });
  }

  bool is_ok() const { return !refusal_; }
  void refuse(Refusal refusal) {
    if (!refusal_) refusal_ = std::move(refusal);
  }
  Refusal take_refusal() { return *std::move(refusal_); }
  std::size_t rows() const { return rows_; }

  // Gives rows their count as the first dimension.
  std::vector<HostTensor> take(bool is_rows) {
    if (is_rows) {
      for (HostTensor& tensor : tensors_) tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(rows_));
    }
    return std::move(tensors_);
  }

 private:
  template <class Add>
  void add_values(const json::value& value, const std::string& path, Add add) {
    if (!is_ok()) return;
    if (!value.is_object()) {
      if (specs_.size() != 1) {
        return refuse(
            refusal_at(path, fmt::format("want an object with {}, got {}", names_of(specs_), shown_json(value))));
      }
      return add(0, value, path);
    }
    std::fill(given_.begin(), given_.end(), false);
    for (const auto& field : value.get_object()) {
      const std::string_view name(field.key().data(), field.key().size());
      const std::string where = path + "." + std::string(name);
      const auto found =
          std::find_if(specs_.begin(), specs_.end(), [&](const auto& spec) { return spec.name == name; });
      if (found == specs_.end()) {
        return refuse(refusal_at(where, fmt::format("the model has no such input; it has {}", names_of(specs_))));
      }
      const auto index = static_cast<std::size_t>(found - specs_.begin());
      given_[index] = true;
      add(index, field.value(), where);
      if (!is_ok()) return;
    }
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      if (!given_[i]) return refuse(refusal_at(path + "." + specs_[i].name, "want a value, got none"));
    }
  }

  // The shape of the value that was appended; nothing after a refusal.
  std::optional<TensorShape> append(std::size_t index, const json::value& value, const std::string& path) {
    auto shape = append_elements(tensors_[index], value, path);
    if (auto* refusal = std::get_if<Refusal>(&shape)) {
      refuse(std::move(*refusal));
      return std::nullopt;
    }
    return std::get<TensorShape>(std::move(shape));
  }

  void refuse_shape(std::size_t index, const TensorShape& want, const TensorShape& got, const std::string& path,
                    bool is_row) {
    std::vector<std::string> names = specs_[index].dimension_names;
    if (is_row && !names.empty()) names.erase(names.begin());
    const bool is_list = got.size() == 1 && want.size() == 1 && want.front() >= 0;
    refuse(refusal_at(path, is_list
                                ? fmt::format("want {} values, got {}", want.front(), got.front())
                                : fmt::format("want shape {}, got {}", shown_shape(want, names), shown_shape(got))));
  }

  void add_row_of(std::size_t index, const json::value& value, const std::string& path) {
    const TensorShape want = without_first(specs_[index].shape);
    auto shape = append(index, value, path);
    if (!shape) return;
    if (!fits(want, *shape)) {
      if (!flows_into(want, *shape)) return refuse_shape(index, want, *shape, path, true);
      shape = want;
    }
    HostTensor& tensor = tensors_[index];
    if (rows_ == 0) {
      tensor.shape = *std::move(shape);
    } else if (tensor.shape != *shape) {
      refuse_shape(index, tensor.shape, *shape, path, true);
    }
  }

  // may_be_row: a value without the first dimension is one row.
  void add_tensor_of(std::size_t index, const json::value& value, const std::string& path, bool may_be_row) {
    const TensorSpec& spec = specs_[index];
    auto shape = append(index, value, path);
    if (!shape) return;
    // Models that take one row at a time are run once for each.
    TensorShape want = spec.shape;
    if (has_rows(specs_)) want.front() = -1;
    if (fits(want, *shape)) {
      tensors_[index].shape = *std::move(shape);
      return;
    }
    if (may_be_row && has_rows(specs_)) {
      TensorShape row = without_first(spec.shape);
      if (flows_into(row, *shape)) shape = row;
      if (fits(row, *shape)) {
        shape->insert(shape->begin(), 1);
        tensors_[index].shape = *std::move(shape);
        return;
      }
      if (shape->size() <= row.size()) return refuse_shape(index, row, *shape, path, true);
    } else if (flows_into(spec.shape, *shape)) {
      tensors_[index].shape = spec.shape;
      return;
    }
    refuse_shape(index, spec.shape, *shape, path, false);
  }

  const std::vector<TensorSpec>& specs_;
  std::vector<HostTensor> tensors_;
  std::vector<bool> given_;
  std::size_t rows_ = 0;
  std::optional<Refusal> refusal_;
};

void read_instances(FieldReader& reader, TensorCollector& collector, const TensorSignature& signature) {
  const json::array* instances = reader.array("instances");
  if (instances == nullptr) return;
  if (!has_rows(signature.inputs)) {
    return reader.refuse("instances", "the model's inputs have no first dimension for instances; send \"inputs\"");
  }
  if (instances->empty() || instances->size() > limits::kInstancesMax) {
    return reader.refuse("instances",
                         fmt::format("want 1 to {} instances, got {}", limits::kInstancesMax, instances->size()));
  }
  for (std::size_t i = 0; i < instances->size() && collector.is_ok(); ++i) {
    collector.add_row((*instances)[i], fmt::format("instances[{}]", i));
  }
}

// The one field that carries the values; empty after a refusal.
std::string_view form_of(FieldReader& reader) {
  std::string_view form;
  for (const std::string_view name : kForms) {
    if (reader.find(name) == nullptr) continue;
    if (!form.empty()) {
      reader.refuse(name, fmt::format("want one of \"{}\" and \"{}\", got both", form, name));
      return {};
    }
    form = name;
  }
  if (form.empty() && reader.is_ok()) {
    reader.refuse("instances", "want \"input\", \"features\", \"instances\" or \"inputs\", got none");
  }
  return form;
}

bool is_row_of(const HostTensor& tensor, std::size_t rows) {
  return !tensor.shape.empty() && static_cast<std::size_t>(tensor.shape.front()) == rows;
}

void append_prediction(std::string& out, const HostTensor& tensor, const PredictCall& call, std::size_t row) {
  if (call.has_rows && is_row_of(tensor, call.rows)) {
    append_tensor_row(out, tensor, row);
  } else {
    append_tensor(out, tensor);  // of all instances together
  }
}

}  // namespace

Parsed<PredictCall> parse_predict_tensors(std::string_view body, const TensorSignature& signature) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  static const std::vector<std::string_view> kKnown = {"input",   "features",       "instances", "inputs",
                                                       "outputs", "signature_name", "model"};
  check_fields(reader, kKnown, {});
  PredictCall call;
  call.request.model = reader.text("model").value_or("");
  static_cast<void>(reader.text("signature_name"));  // TensorFlow Serving's; an ONNX model has one
  call.request.outputs = reader.texts("outputs", limits::kModelTensorsMax, limits::kStopStringBytesMax);
  for (std::size_t i = 0; i < call.request.outputs.size(); ++i) {
    const auto& specs = signature.outputs;
    const std::string& name = call.request.outputs[i];
    if (std::none_of(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; })) {
      reader.refuse(fmt::format("outputs[{}]", i), fmt::format("want one of {}, got \"{}\"", names_of(specs), name));
    }
  }
  const std::string_view form = form_of(reader);
  if (!reader.is_ok()) return *reader.refusal();
  TensorCollector collector(signature);
  call.has_rows = has_rows(signature.inputs);
  bool is_rows = false;  // the collector has rows, to be counted
  if (form == "instances") {
    read_instances(reader, collector, signature);
    is_rows = true;
  } else if (form == "inputs") {
    collector.add_tensors(*reader.find(form), "inputs");
  } else if (form == "features" && call.has_rows) {
    collector.add_row(*reader.find(form), "features");
    is_rows = true;
  } else {
    collector.add_input(*reader.find(form), std::string(form));
  }
  if (!reader.is_ok()) return *reader.refusal();
  if (!collector.is_ok()) return collector.take_refusal();
  if (form != "inputs") {
    call.rows = collector.rows();
    if (call.rows == 0) return refusal_at(std::string(form), "want at least one row, got none");
  }
  if (call.rows > limits::kInstancesMax) {
    return refusal_at(std::string(form), fmt::format("want at most {} rows, got {}", limits::kInstancesMax, call.rows));
  }
  call.request.inputs = collector.take(is_rows);
  return call;
}

std::string predict_tensors_body(const PredictCall& call, const TensorAnswer& answer, std::string_view model) {
  std::string out;
  const auto append_object = [&](auto append_value) {
    out += '{';
    for (std::size_t i = 0; i < answer.outputs.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, answer.outputs[i].name);
      out += ':';
      append_value(answer.outputs[i]);
    }
    out += '}';
  };
  if (call.rows == 0) {
    out += R"({"outputs":)";
    append_object([&](const HostTensor& tensor) { append_tensor(out, tensor); });
  } else {
    out += R"({"predictions":[)";
    // A model without rows has one prediction, whatever its inputs' first dimension is.
    for (std::size_t row = 0; row < call.rows; ++row) {
      if (row > 0) out += ',';
      if (answer.outputs.size() == 1) {
        append_prediction(out, answer.outputs.front(), call, row);
      } else {
        append_object([&](const HostTensor& tensor) { append_prediction(out, tensor, call, row); });
      }
    }
    out += ']';
  }
  out += R"(,"model":)";
  append_json_string(out, model);
  return out += '}';
}

void predict_tensors(ServiceState& state, const net::HttpRequest& request, Writer writer,
                     const BackendDescription& description) {
  auto parsed = parse_predict_tensors(request.body, *description.tensors);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kPlain, *refusal));
    return;
  }
  auto& call = std::get<PredictCall>(parsed);
  call.request.id = request.id;
  call.request.stop = stop_when_gone(*writer);
  call.request.run_soon = soon_on(writer);
  TensorRequest work = std::move(call.request);
  call.request = {};
  const auto send = [call, model = description.model](const Writer& to, const Result<TensorAnswer>& answer) {
    if (!answer) {
      to->send(error_response(Dialect::kPlain, refusal_of_generate(answer.error(), "inputs")));
      return;
    }
    net::HttpResponse response;
    response.body = predict_tensors_body(call, *answer, model);
    to->send(std::move(response));
  };
  // The body is made on the connection's own thread; here or, when another thread computed, in a task.
  const Status accepted = state.backend.predict(
      std::move(work), [writer, send, here = std::this_thread::get_id()](Result<TensorAnswer> answer) {
        if (std::this_thread::get_id() == here) return send(writer, answer);
        writer->post([writer, send, answer = std::move(answer)] { send(writer, answer); });
      });
  if (!accepted) writer->send(error_response(Dialect::kPlain, refusal_of_generate(accepted.error(), "inputs")));
}

}  // namespace sixfold::service
