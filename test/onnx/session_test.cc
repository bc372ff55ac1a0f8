// Models through the real ONNX Runtime; skipped where SIXFOLD_ONNXRUNTIME names none.
#include "onnx/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "onnx/tiny_onnx.h"
#include "onnx/values.h"

namespace sixfold::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
HostTensor tensor_of(std::string name, ElementType type, TensorShape shape, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values.data(), values.size()));
  return {.name = std::move(name),
          .type = type,
          .shape = std::move(shape),
          .bytes = {bytes.begin(), bytes.end()},
          .strings = {}};
}

std::vector<float> floats_of(const HostTensor& tensor) {
  std::vector<float> out(tensor.bytes.size() / sizeof(float));
  std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("SIXFOLD_ONNXRUNTIME") == nullptr) GTEST_SKIP() << "SIXFOLD_ONNXRUNTIME is not set";
    auto library = process_library();
    ASSERT_TRUE(library.is_ok()) << library.error().message;
    library_ = *library;
  }
  Result<std::unique_ptr<Session>> open(const std::string& model) {
    return Session::open(library_, bytes_of(model), "test.onnx", {});
  }

  std::shared_ptr<const Library> library_;
};

TEST_F(SessionTest, tells_and_runs_a_model) {
  const auto session = open(linear_model());
  ASSERT_TRUE(session.is_ok()) << session.error().message;
  ASSERT_EQ((*session)->inputs().size(), 1u);
  const TensorSpec& input = (*session)->inputs().front();
  EXPECT_EQ(input.name, "x");
  EXPECT_EQ(input.type, ElementType::kF32);
  EXPECT_THAT(input.shape, ElementsAre(-1, 2));
  EXPECT_EQ(shown_shape(input.shape, input.dimension_names), "[N, 2]");
  const auto outputs = (*session)->run({tensor_of<float>("x", ElementType::kF32, {3, 2}, {1, 2, 3, 4, 0, 0})});
  ASSERT_TRUE(outputs.is_ok()) << outputs.error().message;
  EXPECT_EQ(outputs->front().name, "y");
  EXPECT_THAT(outputs->front().shape, ElementsAre(3, 1));
  EXPECT_THAT(floats_of(outputs->front()), ElementsAre(0.5F, 2.5F, 0.5F));
}

TEST_F(SessionTest, maps_are_tensors_with_named_columns) {
  const HostTensor x = tensor_of<float>("x", ElementType::kF32, {2, 3}, {0.5F, 0.25F, 0.25F, 0, 1, 0});
  for (const bool is_text : {false, true}) {
    const auto session = open(is_text ? zip_map_model({}, {"b", "a", "c"}) : zip_map_model({7, 3, 12}, {}));
    ASSERT_TRUE(session.is_ok()) << session.error().message;
    ASSERT_EQ((*session)->outputs().size(), 2u);
    EXPECT_TRUE((*session)->other_outputs().empty());
    const TensorSpec& spec = (*session)->outputs()[1];
    EXPECT_TRUE(spec.has_columns);
    EXPECT_EQ(spec.type, ElementType::kF32);
    EXPECT_THAT(spec.shape, ElementsAre(-1, -1));
    const auto outputs = (*session)->run({x}, {"z"});
    ASSERT_TRUE(outputs.is_ok()) << outputs.error().message;
    const HostTensor& z = outputs->front();
    EXPECT_THAT(z.shape, ElementsAre(2, 3));
    ASSERT_EQ(z.columns.size(), 3u);
    const std::vector<std::string> names =
        is_text ? std::vector<std::string>{"b", "a", "c"} : std::vector<std::string>{"7", "3", "12"};
    // The library may keep keys in an order of its own.
    for (std::size_t column = 0; column < 3; ++column) {
      const auto at =
          static_cast<std::size_t>(std::find(z.columns.begin(), z.columns.end(), names[column]) - z.columns.begin());
      ASSERT_LT(at, 3u) << names[column];
      EXPECT_EQ(floats_of(z)[at], floats_of(x)[column]);
      EXPECT_EQ(floats_of(z)[3 + at], floats_of(x)[3 + column]);
    }
  }
}

TEST_F(SessionTest, carries_every_type) {
  const auto check = [&]<class T>(ElementType type, const std::vector<T>& values) {
    const auto session = open(identity_model(onnx_type_of(type)));
    ASSERT_TRUE(session.is_ok()) << session.error().message;
    const HostTensor in = tensor_of<T>("in", type, {static_cast<std::int64_t>(values.size())}, values);
    const auto out = (*session)->run({in});
    ASSERT_TRUE(out.is_ok()) << out.error().message;
    EXPECT_EQ(out->front().type, type);
    EXPECT_EQ(out->front().bytes, in.bytes) << element_type_info(type).name;
  };
  check(ElementType::kF32, std::vector<float>{1.5F, -2});
  check(ElementType::kF64, std::vector<double>{0.1, 1e300});
  check(ElementType::kI8, std::vector<std::int8_t>{-128, 127});
  check(ElementType::kU8, std::vector<std::uint8_t>{0, 255});
  check(ElementType::kI16, std::vector<std::int16_t>{-3, 4});
  check(ElementType::kU16, std::vector<std::uint16_t>{65535});
  check(ElementType::kI32, std::vector<std::int32_t>{-7, 8});
  check(ElementType::kU32, std::vector<std::uint32_t>{4'000'000'000U});
  check(ElementType::kI64, std::vector<std::int64_t>{-(std::int64_t{1} << 60)});
  check(ElementType::kU64, std::vector<std::uint64_t>{~std::uint64_t{0}});
  check(ElementType::kBool, std::vector<std::uint8_t>{1, 0, 1});
  check(ElementType::kF32, std::vector<float>{});
}

TEST_F(SessionTest, carries_texts) {
  const auto session = open(identity_model(onnx_type_of(ElementType::kString)));
  ASSERT_TRUE(session.is_ok()) << session.error().message;
  HostTensor in{
      .name = "in", .type = ElementType::kString, .shape = {3}, .bytes = {}, .strings = {"a", "", "\xC3\xA9t\xC3\xA9"}};
  const auto out = (*session)->run({in});
  ASSERT_TRUE(out.is_ok()) << out.error().message;
  EXPECT_EQ(out->front().strings, in.strings);
  in.strings[1] = std::string("\0", 1);
  EXPECT_FALSE((*session)->run({in}).is_ok());
}

TEST_F(SessionTest, refuses_what_does_not_fit_before_it_runs) {
  const auto session = open(linear_model());
  ASSERT_TRUE(session.is_ok());
  const auto message = [&](const std::vector<HostTensor>& inputs, const std::vector<std::string>& outputs = {}) {
    const auto got = (*session)->run(inputs, outputs);
    EXPECT_FALSE(got.is_ok());
    EXPECT_EQ(got.error().code, ErrorCode::kInvalidArgument);
    return got.error().message;
  };
  const auto good = tensor_of<float>("x", ElementType::kF32, {1, 2}, {1, 2});
  EXPECT_EQ(message({tensor_of<float>("x", ElementType::kF32, {1, 3}, {1, 2, 3})}),
            "input \"x\": want shape [N, 2], got [1, 3]");
  EXPECT_EQ(message({tensor_of<float>("x", ElementType::kF32, {2}, {1, 2})}),
            "input \"x\": want shape [N, 2], got [2]");
  EXPECT_EQ(message({tensor_of<double>("x", ElementType::kF64, {1, 2}, {1, 2})}),
            "input \"x\": want float32, got float64");
  EXPECT_EQ(message({tensor_of<float>("x", ElementType::kF32, {2, 2}, {1, 2})}),
            "input \"x\": shape [2, 2] has 4 elements, got 2");
  EXPECT_EQ(message({}), "want 1 inputs, got 0");
  EXPECT_EQ(message({good}, {"z"}), "output \"z\": the model has none of that name");
  EXPECT_TRUE((*session)->run({good}, {"y"}).is_ok());
}

TEST_F(SessionTest, a_model_cut_anywhere_is_an_error_or_a_smaller_model) {
  const std::string whole = linear_model();
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string part = whole.substr(0, length);
    const auto session = open(part);
    if (session.is_ok()) continue;
    ++refused;
    EXPECT_THAT(session.error().message, HasSubstr("test.onnx: "));
    EXPECT_EQ(session.error().message.find('\n'), std::string::npos);
  }
  EXPECT_GE(refused, whole.size() - 2);
  EXPECT_FALSE(open(std::string(1000, '\xFF')).is_ok());
}

TEST_F(SessionTest, says_which_input_cannot_be_served) {
  const auto session = open(identity_model(10));
  ASSERT_FALSE(session.is_ok());
  EXPECT_EQ(session.error().message, "test.onnx: input \"in\" is float16, which cannot be served");
}

TEST_F(SessionTest, opens_files_and_names_those_that_are_missing) {
  const std::string path = testing::TempDir() + "/linear.onnx";
  std::ofstream(path, std::ios::binary) << linear_model(1);
  const auto session = Session::open(library_, path, {.threads = 2});
  ASSERT_TRUE(session.is_ok()) << session.error().message;
  EXPECT_THAT((*session)->inputs().front().shape, ElementsAre(1, 2));
  const auto missing = Session::open(library_, path + "x", {});
  ASSERT_FALSE(missing.is_ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sixfold::onnx
