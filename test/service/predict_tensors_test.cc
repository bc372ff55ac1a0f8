// The forms of /predict's body, what they become, and how their faults are told.
#include "service/predict_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <span>

#include "service/bench.h"
#include "service/fake_tensor_model.h"
#include "service/tensor_backend.h"
#include "service/tensor_json.h"

namespace sixfold::service {
namespace {

using testing::HasSubstr;

constexpr ElementType kF32 = ElementType::kF32;

TensorSignature one_input(TensorShape shape, ElementType type = kF32) {
  return {.inputs = {spec_of("x", type, std::move(shape))}, .outputs = {spec_of("sum", kF32, {-1})}, .runtime = "test"};
}
TensorSignature two_inputs() {
  return {.inputs = {spec_of("a", kF32, {-1, 2}), spec_of("s", ElementType::kString, {-1, 1})},
          .outputs = {spec_of("sum", kF32, {-1}), spec_of("again", kF32, {-1})},
          .runtime = "test"};
}

// What a request is answered.
struct Answered {
  int status = 0;
  std::string body;
};
Answered ask(const TensorSignature& signature, const std::string& body) {
  FakeTensorModel model(signature);
  const auto parsed = parse_predict_tensors(body, signature);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    const net::HttpResponse response = error_response(Dialect::kPlain, *refusal);
    return {response.status, response.body};
  }
  const auto& call = std::get<PredictCall>(parsed);
  const auto outputs = run_rows(model, call.request.inputs, call.request.outputs, {});
  if (!outputs) return {400, outputs.error().message};
  return {200, predict_tensors_body(call, {*outputs}, "m")};
}
std::string good(const TensorSignature& signature, const std::string& body) {
  const Answered answered = ask(signature, body);
  EXPECT_EQ(answered.status, 200) << body << ": " << answered.body;
  return answered.body;
}
// Of a refused request: "field: message".
std::string refused(const TensorSignature& signature, const std::string& body) {
  const Answered answered = ask(signature, body);
  EXPECT_EQ(answered.status, 422) << body << ": " << answered.body;
  const auto document = boost::json::parse(answered.body);
  return text_at(document, "/error/field") + " | " + text_at(document, "/error/message");
}

TEST(PredictTensors, every_form_of_one_input) {
  const TensorSignature signature = one_input({-1, 2});
  EXPECT_EQ(good(signature, R"({"instances":[[1,2],[3,4.5]]})"), R"({"predictions":[3,7.5],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"features":[1,2]})"), R"({"predictions":[3],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"input":[1,2]})"), R"({"predictions":[3],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"input":[[1,2],[3,4],[5,6]]})"), R"({"predictions":[3,7,11],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"inputs":[[1,2],[3,4]]})"), R"({"outputs":{"sum":[3,7]},"model":"m"})");
  EXPECT_EQ(good(signature, R"({"inputs":{"x":[[1,2]]},"outputs":["sum"]})"), R"({"outputs":{"sum":[3]},"model":"m"})");
  EXPECT_EQ(good(signature, R"({"instances":[{"x":[1,2]}],"signature_name":"serving_default"})"),
            R"({"predictions":[3],"model":"m"})");
}

TEST(PredictTensors, several_inputs_are_named) {
  const TensorSignature signature = two_inputs();
  EXPECT_EQ(good(signature, R"({"instances":[{"a":[1,2],"s":["xx"]},{"s":"y","a":[0,0]}]})"),
            R"({"predictions":[{"sum":5,"again":5},{"sum":1,"again":1}],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"features":{"a":[1,2],"s":"xxx"},"outputs":"again"})"),
            R"({"predictions":[6],"model":"m"})");
  EXPECT_EQ(refused(signature, R"({"instances":[[1,2]]})"),
            "instances[0] | \"instances[0]\": want an object with \"a\", \"s\", got an array");
  EXPECT_EQ(refused(signature, R"({"instances":[{"a":[1,2]}]})"),
            "instances[0].s | \"instances[0].s\": want a value, got none");
  EXPECT_THAT(refused(signature, R"({"instances":[{"a":[1,2],"s":"","z":1}]})"),
              HasSubstr("instances[0].z | \"instances[0].z\": the model has no such input; it has \"a\", \"s\""));
  EXPECT_THAT(refused(signature, R"({"input":{"a":[[1,2],[1,2]],"s":[["x"]]}})"),
              HasSubstr("\"a\" has 2 rows and \"s\" 1"));
}

TEST(PredictTensors, lists_flow_into_shapes_of_as_many_values) {
  const TensorSignature signature = one_input({-1, 1, 2, 2});
  EXPECT_EQ(good(signature, R"({"features":[1,2,3,4]})"), R"({"predictions":[10],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"instances":[[1,2,3,4],[[[1,1],[1,1]]]]})"), R"({"predictions":[10,4],"model":"m"})");
  EXPECT_EQ(good(signature, R"({"input":[[[[1,2],[3,4]]]]})"), R"({"predictions":[10],"model":"m"})");
  EXPECT_EQ(refused(signature, R"({"features":[1,2,3]})"), "features | \"features\": want shape [1, 2, 2], got [3]");
  EXPECT_EQ(good(one_input({-1}), R"({"instances":[1,2]})"), R"({"predictions":[1,2],"model":"m"})");
}

TEST(PredictTensors, a_model_of_one_row_runs_once_for_each) {
  EXPECT_EQ(good(one_input({1, 2}), R"({"instances":[[1,2],[3,4],[5,6]]})"), R"({"predictions":[3,7,11],"model":"m"})");
  EXPECT_EQ(good(one_input({1, 2}), R"({"inputs":[[1,2],[3,4]]})"), R"({"outputs":{"sum":[3,7]},"model":"m"})");
}

TEST(PredictTensors, a_model_without_rows_takes_whole_inputs) {
  const TensorSignature signature = one_input({3});
  EXPECT_THAT(refused(signature, R"({"instances":[[1,2,3]]})"), HasSubstr("send \"inputs\""));
  EXPECT_EQ(good(signature, R"({"inputs":[1,2,3]})"), R"({"outputs":{"sum":[1,2,3]},"model":"m"})");
  EXPECT_EQ(good(signature, R"({"features":[1,2,3]})"), R"({"predictions":[[1,2,3]],"model":"m"})");
}

TEST(PredictTensors, faults_name_the_very_value) {
  const TensorSignature signature = one_input({-1, 2});
  EXPECT_EQ(refused(signature, R"({"instances":[[1,2],[3,"a"]]})"),
            "instances[1][1] | \"instances[1][1]\": want a number (float32), got \"a\"");
  EXPECT_EQ(refused(signature, R"({"instances":[[1,2],[3]]})"),
            "instances[1] | \"instances[1]\": want 2 values, got 1");
  EXPECT_EQ(refused(signature, R"({"input":[[1,2],[3]]})"),
            "input[1] | \"input[1]\": want 2 elements as in the arrays before it, got 1");
  EXPECT_EQ(refused(signature, R"({"inputs":[[1,2,3]]})"), "inputs | \"inputs\": want shape [?, 2], got [1, 3]");
  EXPECT_EQ(refused(signature, R"({"features":[1,1e39]})"),
            "features[1] | \"features[1]\": want a number (float32), got 1e+39");
  EXPECT_THAT(refused(signature, R"({"instances":[]})"), HasSubstr("want 1 to 65536 instances, got 0"));
  EXPECT_THAT(refused(signature, R"({"instances":5})"), HasSubstr("instances | \"instances\": want an array"));
  EXPECT_THAT(refused(signature, R"({})"),
              HasSubstr("want \"input\", \"features\", \"instances\" or \"inputs\", got none"));
  EXPECT_THAT(refused(signature, R"({"input":[1,2],"features":[1,2]})"), HasSubstr("got both"));
  EXPECT_THAT(refused(signature, R"({"instance":[[1,2]]})"), HasSubstr("did you mean \"instances\"?"));
  EXPECT_THAT(refused(signature, R"({"features":[1,2],"outputs":["sun"]})"),
              HasSubstr("outputs[0] | \"outputs[0]\": want one of \"sum\", got \"sun\""));
  EXPECT_THAT(refused(signature, R"({"input":[]})"), HasSubstr("input"));
  EXPECT_THAT(refused(signature, R"({"input":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]})"), HasSubstr("at most 16 deep"));
}

TEST(PredictTensors, a_missing_number_is_not_a_number) {
  EXPECT_EQ(good(one_input({-1, 2}), R"({"features":[1,null]})"), R"({"predictions":[null],"model":"m"})");
  EXPECT_THAT(refused(one_input({-1, 2}, ElementType::kI64), R"({"features":[1,null]})"), HasSubstr("features[1]"));
}

TEST(TensorJson, named_columns_make_objects) {
  HostTensor tensor;
  const std::vector<float> values = {0.5F, 1, 2, 4};
  const auto bytes = std::as_bytes(std::span(values));
  tensor.bytes.assign(bytes.begin(), bytes.end());
  tensor.shape = {2, 2};
  tensor.columns = {"se\"tosa", "7"};
  std::string out;
  append_tensor(out, tensor);
  EXPECT_EQ(out, R"([{"se\"tosa":0.5,"7":1},{"se\"tosa":2,"7":4}])");
  out.clear();
  append_tensor_row(out, tensor, 1);
  EXPECT_EQ(out, R"({"se\"tosa":2,"7":4})");
  tensor.shape = {4};  // not what the columns are of
  out.clear();
  append_tensor(out, tensor);
  EXPECT_EQ(out, "[0.5,1,2,4]");
}

TEST(TensorJson, integers_have_the_range_of_their_type) {
  const auto fits = [](ElementType type, const std::string& text) {
    HostTensor tensor{.name = "x", .type = type, .shape = {}, .bytes = {}, .strings = {}};
    const auto shape = append_elements(tensor, boost::json::parse(text), "x");
    if (shape.index() != 0) return std::string("refused");
    tensor.shape = std::get<TensorShape>(shape);
    std::string out;
    append_tensor(out, tensor);
    return out;
  };
  EXPECT_EQ(fits(ElementType::kU8, "[0,255]"), "[0,255]");
  EXPECT_EQ(fits(ElementType::kU8, "[256]"), "refused");
  EXPECT_EQ(fits(ElementType::kU8, "[-1]"), "refused");
  EXPECT_EQ(fits(ElementType::kI8, "[-128]"), "[-128]");
  EXPECT_EQ(fits(ElementType::kI64, "[9223372036854775807]"), "[9223372036854775807]");
  EXPECT_EQ(fits(ElementType::kI64, "[9223372036854775808]"), "refused");
  EXPECT_EQ(fits(ElementType::kU64, "[18446744073709551615]"), "[18446744073709551615]");
  EXPECT_EQ(fits(ElementType::kI32, "[1.5]"), "refused");
  EXPECT_EQ(fits(ElementType::kI32, "[2.0]"), "[2]");
  EXPECT_EQ(fits(ElementType::kBool, "[true,false]"), "[true,false]");
  EXPECT_EQ(fits(ElementType::kBool, "[1]"), "refused");
  EXPECT_EQ(fits(ElementType::kString, R"([["a\n"],["b"]])"), R"([["a\n"],["b"]])");
  EXPECT_EQ(fits(ElementType::kF64, "[0.1,1e300]"), "[0.1,1e+300]");
  EXPECT_EQ(fits(ElementType::kF32, "[[],[]]"), "[[],[]]");
  EXPECT_EQ(fits(ElementType::kF32, "7"), "7");
}

TEST(TensorBackend, answers_at_once_when_the_model_is_quick_and_refuses_texts) {
  ManualClock clock;
  TensorBackend backend(std::make_unique<FakeTensorModel>(one_input({-1, 2})), {.model = "sum", .clock = &clock});
  ServiceState state{backend, nullptr, clock};
  const auto call = [&](const std::string& body) {
    net::HttpRequest request;
    request.body = body;
    auto writer = std::make_shared<FakeWriter>();
    predict(state, request, writer);
    return writer;
  };
  // The first one is computed by the backend's thread.
  std::promise<Result<TensorAnswer>> answered;
  HostTensor input{.name = "x", .type = kF32, .shape = {1, 2}, .bytes = std::vector<std::byte>(8), .strings = {}};
  ASSERT_TRUE(backend
                  .predict({.id = {}, .model = {}, .inputs = {input}, .outputs = {}},
                           [&](Result<TensorAnswer> answer) { answered.set_value(std::move(answer)); })
                  .is_ok());
  ASSERT_TRUE(answered.get_future().get().is_ok());
  // By a clock that stands still the model takes no time.
  const auto second = call(R"({"features":[1,2]})");
  ASSERT_TRUE(second->answer.has_value()) << "answered by the calling thread";
  EXPECT_EQ(second->answer->body, R"({"predictions":[3],"model":"sum"})");
  EXPECT_EQ(call(R"({"features":[1,2],"model":"other"})")->answer->status, 404);
  EXPECT_THAT(backend.generate({}).error().message, HasSubstr("takes tensors"));
  EXPECT_FALSE(backend.tokenize("a", false, false).is_ok());
  EXPECT_TRUE(backend.is_ready());
}

TEST(TensorBackend, examples_in_the_openapi_document_are_accepted) {
  for (const TensorSignature& signature : {one_input({-1, 2}), one_input({3}), one_input({1, 2, 2}), two_inputs(),
                                           one_input({-1}), one_input({-1, 4}, ElementType::kBool)}) {
    const auto schema = predict_request_schema(signature);
    EXPECT_EQ(ask(signature, boost::json::serialize(schema.at("example"))).status, 200)
        << boost::json::serialize(schema.at("example"));
  }
}

}  // namespace
}  // namespace sixfold::service
