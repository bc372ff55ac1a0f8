// The Open Inference Protocol: tensors in and out, paths, and what its clients read.
#include <gtest/gtest.h>

#include "core/error.h"
#include "service/bench.h"
#include "service/oip/fields.h"
#include "service/oip/tensor.h"

namespace sixfold::service {
namespace {

Parsed<HostTensor> tensor_of(std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value.is_ok()) << value.error().message;
  FieldReader reader(value->get_object());
  HostTensor tensor = read_oip_tensor(reader);
  if (!reader.is_ok()) return *reader.refusal();
  return tensor;
}

std::string tensor_json(std::string_view datatype, std::string_view shape, std::string_view data) {
  return R"({"name":"t","datatype":")" + std::string(datatype) + R"(","shape":)" + std::string(shape) + R"(,"data":)" +
         std::string(data) + "}";
}

std::string again(std::string_view datatype, std::string_view shape, std::string_view data) {
  const auto parsed = tensor_of(tensor_json(datatype, shape, data));
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refusal->field + ": " + refusal->error.message;
  std::string out;
  append_oip_tensor(out, std::get<HostTensor>(parsed));
  return std::string(text_at(boost::json::parse(out), "/data"));
}

TEST(OipTensor, every_type_comes_back_as_it_went_in) {
  EXPECT_EQ(again("BOOL", "[2]", "[true,false]"), "[true,false]");
  EXPECT_EQ(again("UINT8", "[2]", "[0,255]"), "[0,255]");
  EXPECT_EQ(again("INT8", "[2]", "[-128,127]"), "[-128,127]");
  EXPECT_EQ(again("UINT16", "[1]", "[65535]"), "[65535]");
  EXPECT_EQ(again("INT16", "[1]", "[-32768]"), "[-32768]");
  EXPECT_EQ(again("UINT32", "[1]", "[4294967295]"), "[4294967295]");
  EXPECT_EQ(again("INT32", "[1]", "[-2147483648]"), "[-2147483648]");
  EXPECT_EQ(again("UINT64", "[1]", "[18446744073709551615]"), "[18446744073709551615]");
  EXPECT_EQ(again("INT64", "[1]", "[-9223372036854775808]"), "[-9223372036854775808]");
  EXPECT_EQ(again("FP32", "[2]", "[0.5,-3]"), "[5E-1,-3]");
  EXPECT_EQ(again("FP64", "[1]", "[0.25]"), "[2.5E-1]");
  EXPECT_EQ(again("BYTES", "[2]", R"(["a","b"])"), R"(["a","b"])");
  EXPECT_EQ(again("FP32", "[0]", "[]"), "[]");
}

TEST(OipTensor, nested_data_is_read_in_row_major_order) {
  EXPECT_EQ(again("INT32", "[2,3]", "[[1,2,3],[4,5,6]]"), "[1,2,3,4,5,6]");
  EXPECT_EQ(again("INT32", "[2,3]", "[1,2,3,4,5,6]"), "[1,2,3,4,5,6]");
  EXPECT_EQ(again("BYTES", "[2,1]", R"([["a"],["b"]])"), R"(["a","b"])");
}

TEST(OipTensor, what_does_not_fit_is_refused_with_its_field) {
  const auto refused = [](std::string_view datatype, std::string_view shape, std::string_view data) {
    const std::string text = again(datatype, shape, data);
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(refused("UINT8", "[1]", "[256]"), "data");
  EXPECT_EQ(refused("UINT8", "[1]", "[-1]"), "data");
  EXPECT_EQ(refused("INT8", "[1]", "[1.5]"), "data");
  EXPECT_EQ(refused("FP32", "[1]", "[1e39]"), "data");
  EXPECT_EQ(refused("FP32", "[1]", R"(["1"])"), "data");
  EXPECT_EQ(refused("BOOL", "[1]", "[1]"), "data");
  EXPECT_EQ(refused("BYTES", "[1]", "[1]"), "data");
  EXPECT_EQ(refused("INT32", "[2,3]", "[1,2,3]"), "data");
  EXPECT_EQ(refused("INT32", "[2,3]", "[[1,2,3]]"), "data");
  EXPECT_EQ(refused("INT32", "[2,3]", "[[1,2,3],[4,5]]"), "data");
  EXPECT_EQ(refused("INT32", "[2,3]", "[[1,2,3],4]"), "data");
  EXPECT_EQ(refused("INT32", "[1]", "[[[1]]]"), "data");
  EXPECT_EQ(refused("INT32", "[]", "[1]"), "shape");
  EXPECT_EQ(refused("INT32", "[-1]", "[1]"), "shape");
  EXPECT_EQ(refused("INT32", "[67108864,67108864]", "[1]"), "shape");
  EXPECT_EQ(refused("INT32", "[0,268435457]", "[]"), "shape");
  EXPECT_EQ(refused("INT32", "[1,1,1,1,1,1,1,1,1]", "[1]"), "shape");
  EXPECT_EQ(refused("FP16", "[1]", "[1]"), "datatype");
  EXPECT_EQ(refused("", "[1]", "[1]"), "datatype");
  EXPECT_EQ(refused("INT32", "[1]", "1"), "data");
}

TEST(OipTarget, a_name_may_have_slashes) {
  const auto shown = [](std::string_view path) {
    const OipTarget target = oip_target(path);
    return target.model + " " + target.version + " " + target.verb;
  };
  EXPECT_EQ(shown("/v2/models/m"), "m  ");
  EXPECT_EQ(shown("/v2/models/m/ready"), "m  ready");
  EXPECT_EQ(shown("/v2/models/m/versions/2/infer"), "m 2 infer");
  EXPECT_EQ(shown("/v2/models/org/name/versions/1"), "org/name 1 ");
  EXPECT_EQ(shown("/v2/models/org/name/generate_stream"), "org/name  generate_stream");
  EXPECT_EQ(shown("/v2/models/ready"), "ready  ") << "a model may be called so";
}

BackendDescription encoder() {
  BackendDescription description;
  description.model = "fake";
  description.generates = false;
  description.embedding_width = 2;
  return description;
}

std::string refusal_of_infer(std::string_view body, const BackendDescription& description = {}) {
  const auto parsed = parse_oip_infer(body, description);
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal != nullptr ? refusal->field : "(none)";
}

TEST(OipInfer, wrong_names_types_and_shapes_are_refused_by_name) {
  const auto of = [](std::string_view tensor) {
    return refusal_of_infer(R"({"inputs":[)" + std::string(tensor) + "]}");
  };
  EXPECT_EQ(of(R"({"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"]})"), "(none)");
  EXPECT_EQ(of(R"({"name":"other","shape":[1],"datatype":"BYTES","data":["a"]})"), "inputs[0].name");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[1],"datatype":"FP32","data":[1]})"), "inputs[0].datatype");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[1,2],"datatype":"BYTES","data":["a","b"]})"), "inputs[0].shape");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[0],"datatype":"BYTES","data":[]})"), "inputs[0].shape");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[2],"datatype":"BYTES","data":["a"]})"), "inputs[0].data");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"],"x":1})"), "inputs[0].x");
  EXPECT_EQ(of(R"({"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"]},)"
               R"({"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"]})"),
            "inputs[1].name");
  EXPECT_EQ(of("1"), "inputs[0]");
  EXPECT_EQ(refusal_of_infer("{}"), "inputs");
  const std::string_view good = R"("inputs":[{"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"]}])";
  const auto with = [&](std::string_view rest, const BackendDescription& description = {}) {
    return refusal_of_infer("{" + std::string(good) + "," + std::string(rest) + "}", description);
  };
  EXPECT_EQ(with(R"("outputs":[{"name":"embedding"}])"), "outputs[0].name");
  EXPECT_EQ(with(R"("outputs":[{"name":"embedding"}])", encoder()), "(none)");
  EXPECT_EQ(with(R"("outputs":[{"name":"text_output"},{"name":"text_output"}])"), "outputs");
  EXPECT_EQ(with(R"("parameters":{"max_tokens":0})"), "parameters.max_tokens");
  EXPECT_EQ(with(R"("parameters":{"model":"a"})"), "parameters.model");
  EXPECT_EQ(with(R"("parameters":{"temperature":1})", encoder()), "parameters.temperature");
  EXPECT_EQ(with(R"("id":7)"), "id");
}

std::shared_ptr<FakeWriter> oip_post(Bench& bench, std::string path, std::string body) {
  net::HttpRequest request;
  request.id = "request-1";
  request.method = "POST";
  request.path = std::move(path);
  request.body = std::move(body);
  auto writer = std::make_shared<FakeWriter>();
  oip_post(bench.state, request, writer);
  writer->run_tasks();
  return writer;
}

std::shared_ptr<FakeWriter> oip_get(Bench& bench, std::string path) {
  net::HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  auto writer = std::make_shared<FakeWriter>();
  oip_get(bench.state, request, writer);
  return writer;
}

TEST(OipInfer, texts_of_a_model_that_writes) {
  Bench bench;
  const auto writer = oip_post(bench, "/v2/models/fake/versions/1/infer",
                               R"({"id":"7","inputs":[{"name":"text_input","shape":[2],"datatype":"BYTES",)"
                               R"("data":["a","b"]}],"parameters":{"max_tokens":3}})");
  ASSERT_EQ(bench.backend.requests.size(), 2U);
  EXPECT_EQ(bench.backend.requests[1].tokens_max, 3U);
  bench.backend.generations[0]->finish(engine::FinishReason::kStop, 0, "x");
  bench.backend.generations[1]->finish(engine::FinishReason::kStop, 0, "y");
  writer->run_tasks();
  EXPECT_EQ(writer->answer->body,
            R"({"model_name":"fake","model_version":"1","id":"7","outputs":[{"name":"text_output",)"
            R"("datatype":"BYTES","shape":[2],"data":["x","y"]}]})");
}

TEST(OipInfer, vectors_and_logits_of_models_that_read) {
  Bench bench;
  bench.backend.description = encoder();
  const auto vectors =
      oip_post(bench, "/v2/models/fake/infer",
               R"({"inputs":[{"name":"text_input","shape":[2],"datatype":"BYTES","data":["a","b"]}]})");
  bench.backend.embeds.back().second(Embeddings{.vectors = {{0.5F, -1}, {1, 0}}, .tokens = 7});
  vectors->run_tasks();
  EXPECT_EQ(text_at(answer_json(*vectors), "/outputs/0/data"), "[5E-1,-1,1,0]");
  EXPECT_EQ(text_at(answer_json(*vectors), "/outputs/0/shape"), "[2,2]");
  bench.backend.description.embedding_width = 0;
  bench.backend.description.classes = {"no", "yes"};
  const auto scores = oip_post(bench, "/v2/models/fake/infer",
                               R"({"inputs":[{"name":"text_pair","shape":[1],"datatype":"BYTES","data":["b"]},)"
                               R"({"name":"text_input","shape":[1,1],"datatype":"BYTES","data":["a"]}]})");
  EXPECT_EQ(bench.backend.scores.back().first.texts[0].second, "b");
  bench.backend.scores.back().second(Scores{.scores = {{1, 2}}, .tokens = 7});
  scores->run_tasks();
  EXPECT_EQ(text_at(answer_json(*scores), "/outputs/0/name"), "logits");
  EXPECT_EQ(text_at(answer_json(*scores), "/outputs/0/shape"), "[1,2]");
}

TEST(OipInfer, tensors_of_models_that_take_them) {
  Bench bench;
  auto signature = std::make_shared<TensorSignature>();
  signature->inputs = {{.name = "x", .type = ElementType::kF32, .shape = {-1, 2}, .dimension_names = {}}};
  signature->outputs = {{.name = "y", .type = ElementType::kI64, .shape = {-1}, .dimension_names = {}}};
  bench.backend.description.generates = false;
  bench.backend.description.tensors = signature;
  const auto metadata = answer_json(*oip_get(bench, "/v2/models/fake"));
  EXPECT_EQ(text_at(metadata, "/inputs/0"), R"({"name":"x","datatype":"FP32","shape":[-1,2]})");
  EXPECT_EQ(text_at(metadata, "/outputs/0/datatype"), "INT64");
  const auto parsed = parse_oip_tensors(
      R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"y"}]})");
  ASSERT_EQ(parsed.index(), 0U);
  const TensorRequest& request = std::get<OipTensorCall>(parsed).request;
  EXPECT_EQ(request.inputs.at(0).shape, (TensorShape{1, 2}));
  EXPECT_EQ(request.outputs, std::vector<std::string>{"y"});
  const auto field_of = [](std::string_view body) {
    const auto refused = parse_oip_tensors(body);
    const auto* refusal = std::get_if<Refusal>(&refused);
    return refusal == nullptr ? "(none)" : refusal->field;
  };
  EXPECT_EQ(field_of("{}"), "inputs");
  EXPECT_EQ(field_of(R"({"inputs":[1]})"), "inputs[0]");
  EXPECT_EQ(field_of(R"({"inputs":[],"parameters":{"temperature":1}})"), "parameters");
}

TEST(OipModels, unknown_names_versions_and_verbs_are_not_found) {
  Bench bench;
  EXPECT_EQ(oip_get(bench, "/v2/models/fake")->answer->status, 200);
  EXPECT_EQ(oip_get(bench, "/v2/models/fake/versions/1/ready")->answer->status, 200);
  EXPECT_EQ(oip_get(bench, "/v2/models/fake/versions/2")->answer->status, 404);
  EXPECT_EQ(oip_get(bench, "/v2/models/other")->answer->status, 404);
  EXPECT_EQ(oip_get(bench, "/v2/models/org/other/ready")->answer->status, 404);
  EXPECT_EQ(oip_post(bench, "/v2/models/fake", "{}")->answer->status, 404);
  EXPECT_EQ(oip_post(bench, "/v2/models/other/infer", "{}")->answer->status, 404);
  EXPECT_EQ(oip_get(bench, "/v2/models/fake/infer")->answer->status, 404);
  EXPECT_TRUE(answer_json(*oip_get(bench, "/v2/models/other")).at("error").is_string());
}

TEST(OipModels, readiness_is_decoding) {
  Bench bench;
  EXPECT_EQ(text_at(answer_json(*oip_get(bench, "/v2/models/fake/ready")), "/ready"), "true");
  bench.backend.ready = false;
  EXPECT_EQ(oip_get(bench, "/v2/models/fake/ready")->answer->status, 503);
  EXPECT_EQ(bench.call(oip_ready, "")->answer->status, 503);
  EXPECT_EQ(bench.call(oip_live, "")->answer->status, 200);
}

TEST(OipGenerate, whole_and_streamed_with_details) {
  Bench bench;
  const auto writer = oip_post(bench, "/v2/models/fake/generate",
                               R"({"text_input":"a","parameters":{"max_tokens":2,"details":true,"stop":["."]}})");
  EXPECT_TRUE(bench.backend.requests.back().wants_logprobs);
  engine::TokenEvent event;
  event.token = 65;
  event.text = "A";
  event.chosen = engine::TokenLogprob{65, -0.5F};
  bench.backend.generations.back()->say(event);
  bench.backend.generations.back()->finish(engine::FinishReason::kLength);
  writer->run_tasks();
  EXPECT_EQ(writer->answer->body,
            R"({"model_name":"fake","model_version":"1","text_output":"A","details":{"finish_reason":"length",)"
            R"("logprobs":[{"id":65,"text":"A","logprob":-0.5}]}})");
  const auto stream = oip_post(bench, "/v2/models/fake/generate_stream", R"({"text_input":"a"})");
  bench.backend.generations.back()->say("x");
  bench.backend.generations.back()->finish(engine::FinishReason::kStop);
  stream->run_tasks();
  const auto events = stream_data(stream->stream);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(text_at(boost::json::parse(events[0]), "/text_output"), "x");
}

TEST(OipFields, schemas_name_only_fields_that_are_read) {
  const BackendDescription description;
  EXPECT_EQ(schema_lies("OipInferRequest", [&](std::string_view body) { return parse_oip_infer(body, description); }),
            "");
  EXPECT_EQ(
      schema_lies("OipGenerateRequest", [](std::string_view body) { return parse_oip_generate(body, false, {}); }), "");
}

TEST(OipGenerate, wrong_fields_are_refused_by_name) {
  const auto of = [](std::string_view body, bool streams = false) {
    const auto parsed = parse_oip_generate(body, streams, {});
    const auto* refusal = std::get_if<Refusal>(&parsed);
    return refusal != nullptr ? refusal->field : "(none)";
  };
  EXPECT_EQ(of("{}"), "text_input");
  EXPECT_EQ(of(R"({"text_input":3})"), "text_input");
  EXPECT_EQ(of(R"({"text_input":"a","parameters":{"max_token":1}})"), "parameters.max_token");
  EXPECT_EQ(of(R"({"text_input":"a","parameters":{"stream":true}})"), "parameters.stream");
  EXPECT_EQ(of(R"({"text_input":"a","parameters":{"stream":true}})", true), "(none)");
  EXPECT_EQ(of(R"({"text_input":"a","max_tokens":4,"exclude_input_in_output":true})"), "(none)");
}

}  // namespace
}  // namespace sixfold::service
