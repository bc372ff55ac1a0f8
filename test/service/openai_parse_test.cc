// Bodies of the OpenAI endpoints: what is read, ignored and refused.
#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "service/anthropic_parse.h"
#include "service/json.h"
#include "service/openai_fields.h"
#include "service/responses/parse.h"
#include "service/schemas.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kMessages = R"("messages":[{"role":"user","content":"hi"}])";

std::string chat_with(std::string_view fields) {
  return "{" + std::string(kMessages) + (fields.empty() ? "" : ",") + std::string(fields) + "}";
}

Refusal refusal_of(const auto& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  EXPECT_NE(refusal, nullptr) << "accepted";
  return refusal == nullptr ? Refusal{} : *refusal;
}

ChatCall chat_of(std::string_view body) {
  auto parsed = parse_chat(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<ChatCall>(std::move(parsed));
}

CompletionCall completion_of(std::string_view body) {
  auto parsed = parse_completion(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->error.message;
    return {};
  }
  return std::get<CompletionCall>(std::move(parsed));
}

TEST(ParseChat, reads_every_field) {
  const ChatCall call = chat_of(chat_with(
      R"("model":"m","temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"typical_p":0.8,"presence_penalty":1,
         "frequency_penalty":-1,"repetition_penalty":1.1,"logit_bias":{"5":-100,"6":2.5},"seed":-3,"n":2,
         "max_completion_tokens":7,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true},
         "logprobs":true,"top_logprobs":4,"ignore_eos":true)"));
  const GenerateRequest& request = call.request;
  EXPECT_EQ(request.model, "m");
  EXPECT_FLOAT_EQ(request.sampling.temperature, 0.5f);
  EXPECT_FLOAT_EQ(request.sampling.top_p, 0.9f);
  EXPECT_EQ(request.sampling.top_k, 40u);
  EXPECT_FLOAT_EQ(request.sampling.min_p, 0.1f);
  EXPECT_FLOAT_EQ(request.sampling.typical_p, 0.8f);
  EXPECT_FLOAT_EQ(request.sampling.presence_penalty, 1);
  EXPECT_FLOAT_EQ(request.sampling.frequency_penalty, -1);
  EXPECT_FLOAT_EQ(request.sampling.repetition_penalty, 1.1f);
  ASSERT_EQ(request.sampling.logit_bias.size(), 2u);
  EXPECT_EQ(request.sampling.logit_bias[0], std::make_pair(TokenId{5}, -100.0f));
  EXPECT_EQ(request.sampling.seed, static_cast<std::uint64_t>(-3));
  EXPECT_EQ(request.choices, 2u);
  EXPECT_EQ(request.tokens_max, 7u);
  EXPECT_EQ(request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(request.wants_logprobs);
  EXPECT_EQ(request.logprobs, 4u);
  EXPECT_TRUE(request.ignores_end);
  EXPECT_TRUE(call.stream.streams);
  EXPECT_TRUE(call.stream.includes_usage);
}

TEST(ParseRequests, say_how_to_sample_or_take_what_the_model_recommends) {
  engine::SamplingOptions recommended;
  recommended.temperature = 0.5F;
  recommended.top_k = 20;
  const auto check = [](const engine::SamplingOptions& sampling) {
    EXPECT_EQ(sampling.temperature, 0.25F);
    EXPECT_EQ(sampling.top_k, 20U);
    EXPECT_EQ(sampling.top_p, 1.0F);
  };
  const auto chat = parse_chat(chat_with(R"("temperature":0.25)"), recommended);
  check(std::get<ChatCall>(chat).request.sampling);
  const auto completion = parse_completion(R"({"prompt":["a","b"],"temperature":0.25})", recommended);
  check(std::get<CompletionCall>(completion).requests.at(1).sampling);
  const auto predicted = parse_predict(R"({"input":"a","parameters":{"temperature":0.25}})", false, recommended);
  check(std::get<GenerateRequest>(predicted).sampling);
  const auto off = parse_chat(chat_with(R"("top_k":0)"), recommended);
  EXPECT_EQ(std::get<ChatCall>(off).request.sampling.top_k, 0U);
}

TEST(ParseChat, joins_text_parts_and_calls_developer_system) {
  const ChatCall call = chat_of(
      R"({"messages":[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                      {"role":"assistant","content":"c","refusal":null,"annotations":[],"tool_calls":null}]})");
  const auto& messages = std::get<std::vector<tokenizer::ChatMessage>>(call.request.input);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[0].content, "ab");
  EXPECT_EQ(messages[1].content, "c");
}

TEST(ParseChat, accepts_fields_that_cannot_change_the_answer) {
  chat_of(chat_with(R"("user":"u","store":true,"metadata":{"a":"b"},"service_tier":"auto","tools":[],
      "tool_choice":"none","response_format":{"type":"text"},"modalities":["text"],"functions":null,"stop":null)"));
}

TEST(ParseChat, refuses_what_would_change_the_answer_and_is_not_supported) {
  for (const std::string_view fields :
       {R"("audio":{"voice":"a"})", R"("functions":[{"name":"f"}])", R"("function_call":{"name":"f"})"}) {
    const Refusal refusal = refusal_of(parse_chat(chat_with(fields)));
    EXPECT_EQ(refusal.name, "unsupported_parameter") << fields;
    EXPECT_EQ("\"" + refusal.field + "\"", fields.substr(0, fields.find(':')));
  }
}

TEST(ParseChat, refuses_unknown_fields_with_the_nearest_name) {
  EXPECT_EQ(refusal_of(parse_chat(chat_with(R"("temprature":1)"))).error.message,
            "\"temprature\": no such field; did you mean \"temperature\"?");
  EXPECT_EQ(refusal_of(parse_chat(chat_with(R"("zzzzzzzzzzzz":1)"))).error.message, "\"zzzzzzzzzzzz\": no such field");
}

struct BadField {
  std::string_view fields;
  std::string_view field;
};

class ParseChatBad : public testing::TestWithParam<BadField> {};

TEST_P(ParseChatBad, names_the_field) {
  const Refusal refusal = refusal_of(parse_chat(chat_with(GetParam().fields)));
  EXPECT_EQ(refusal.field, GetParam().field);
  EXPECT_EQ(refusal.error.code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    fields, ParseChatBad,
    testing::Values(
        BadField{R"("temperature":-0.1)", "temperature"}, BadField{R"("temperature":10.1)", "temperature"},
        BadField{R"("temperature":true)", "temperature"}, BadField{R"("temperature":1e999)", "temperature"},
        BadField{R"("top_p":1.01)", "top_p"}, BadField{R"("top_k":-2)", "top_k"}, BadField{R"("min_p":-1)", "min_p"},
        BadField{R"("typical_p":2)", "typical_p"}, BadField{R"("presence_penalty":2.1)", "presence_penalty"},
        BadField{R"("frequency_penalty":-2.1)", "frequency_penalty"},
        BadField{R"("repetition_penalty":0)", "repetition_penalty"}, BadField{R"("n":0)", "n"},
        BadField{R"("n":129)", "n"}, BadField{R"("max_tokens":0)", "max_tokens"},
        BadField{R"("max_tokens":"5")", "max_tokens"}, BadField{R"("seed":1.5)", "seed"},
        BadField{R"("stop":"")", "stop"}, BadField{R"("stop":[1])", "stop"},
        BadField{R"("logit_bias":{"x":1})", "logit_bias"}, BadField{R"("logit_bias":{"1":101})", "logit_bias"},
        BadField{R"("logit_bias":[1])", "logit_bias"}, BadField{R"("logit_bias":{"99999999999":1})", "logit_bias"},
        BadField{R"("logprobs":3)", "logprobs"}, BadField{R"("logprobs":true,"top_logprobs":21)", "top_logprobs"},
        BadField{R"("top_logprobs":2)", "top_logprobs"}, BadField{R"("stream":"yes")", "stream"},
        BadField{R"("stream_options":{"include_usage":true})", "stream_options"},
        BadField{R"("stream":true,"stream_options":{"include_usage":1})", "stream_options.include_usage"},
        BadField{R"("stream":true,"stream_options":{"x":1})", "stream_options.x"}, BadField{R"("model":5)", "model"},
        BadField{R"("suffix":"x")", "suffix"}));

TEST(ParseChat, messages_are_checked_and_named) {
  const auto field = [](std::string_view messages) {
    return refusal_of(parse_chat("{\"messages\":" + std::string(messages) + "}")).field;
  };
  EXPECT_EQ(field("[]"), "messages");
  EXPECT_EQ(field("\"hi\""), "messages");
  EXPECT_EQ(field("[1]"), "messages[0]");
  EXPECT_EQ(field(R"([{"role":"king","content":"x"}])"), "messages[0].role");
  EXPECT_EQ(field(R"([{"content":"x"}])"), "messages[0].role");
  EXPECT_EQ(field(R"([{"role":"user"}])"), "messages[0].content");
  EXPECT_EQ(field(R"([{"role":"user","content":null}])"), "messages[0].content");
  EXPECT_EQ(field(R"([{"role":"user","content":"x"},{"role":"tool","content":"x"}])"), "messages[1].tool_call_id");
  EXPECT_EQ(field(R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])"),
            "messages[0].content[0].type");
  EXPECT_EQ(field(R"([{"role":"user","content":[{"type":"text"}]}])"), "messages[0].content[0].text");
  EXPECT_EQ(field(R"([{"role":"assistant","content":"x","tool_calls":[{"id":"1"}]}])"),
            "messages[0].tool_calls[0].function");
  EXPECT_EQ(field(R"([{"role":"user","content":"x","contnet":1}])"), "messages[0].contnet");
  EXPECT_EQ(refusal_of(parse_chat("{}")).field, "messages");
  EXPECT_EQ(refusal_of(parse_chat("[]")).error.message, "body: want a JSON object, got an array");
}

TEST(ParseChat, at_most_sixteen_stop_strings) {
  std::string stops;
  for (std::size_t index = 0; index < limits::kStopStringsMax; ++index) stops += (index == 0 ? "\"s\"" : ",\"s\"");
  chat_of(chat_with("\"stop\":[" + stops + "]"));
  EXPECT_EQ(refusal_of(parse_chat(chat_with("\"stop\":[" + stops + ",\"s\"]"))).field, "stop");
}

TEST(ParseCompletion, takes_the_four_forms_of_prompt) {
  const auto inputs = [](std::string_view prompt) {
    return completion_of("{\"prompt\":" + std::string(prompt) + "}").requests;
  };
  EXPECT_EQ(std::get<std::string>(inputs(R"("a")")[0].input), "a");
  EXPECT_EQ(std::get<std::string>(inputs(R"(["a","b"])")[1].input), "b");
  EXPECT_EQ(std::get<std::vector<TokenId>>(inputs("[1,2]")[0].input), (std::vector<TokenId>{1, 2}));
  ASSERT_EQ(inputs("[[1],[2,3]]").size(), 2u);
  EXPECT_EQ(std::get<std::vector<TokenId>>(inputs("[[1],[2,3]]")[1].input), (std::vector<TokenId>{2, 3}));
  EXPECT_EQ(inputs(R"("a")")[0].tokens_max, 16u);
}

TEST(ParseCompletion, refuses_bad_prompts_and_what_is_not_supported) {
  const auto field = [](std::string_view body) { return refusal_of(parse_completion(body)).field; };
  for (const std::string_view prompt :
       {"null", "5", "[]", "[-1]", "[1,\"a\"]", "[[1.5]]", "[{}]", "{}", "[99999999]"}) {
    EXPECT_EQ(field("{\"prompt\":" + std::string(prompt) + "}"), "prompt") << prompt;
  }
  EXPECT_EQ(field(R"({"prompt":[1,2],"suffix":"b"})"), "prompt");
  EXPECT_EQ(field(R"({"prompt":"a","best_of":2})"), "best_of");
  EXPECT_EQ(field(R"({"prompt":"a","echo":true,"logprobs":1})"), "logprobs");
  EXPECT_EQ(field(R"({"prompt":["a","b"],"n":65})"), "n");
  completion_of(R"({"prompt":"a","best_of":2,"n":2,"suffix":null})");
}

TEST(ParsePredict, reads_parameters_beside_or_inside) {
  const auto parse = [](std::string_view body, bool is_chat) {
    auto parsed = parse_predict(body, is_chat);
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
      ADD_FAILURE() << refusal->error.message;
      return GenerateRequest{};
    }
    return std::get<GenerateRequest>(std::move(parsed));
  };
  EXPECT_EQ(std::get<std::string>(parse(R"({"input":"a"})", false).input), "a");
  EXPECT_EQ(std::get<std::vector<tokenizer::ChatMessage>>(parse(R"({"input":"a"})", true).input)[0].role, "user");
  EXPECT_EQ(parse(R"({"input":"a","max_tokens":3})", false).tokens_max, 3u);
  const GenerateRequest both =
      parse(R"({"input":"a","max_tokens":3,"stop":"x","parameters":{"max_tokens":4,"temperature":0}})", false);
  EXPECT_EQ(both.tokens_max, 4u);
  EXPECT_EQ(both.stop.size(), 1u);
  EXPECT_EQ(refusal_of(parse_predict(R"({"inputs":"a"})", false)).field, "inputs");
  EXPECT_EQ(refusal_of(parse_predict(R"({"input":"a","parameters":{"top_p":2}})", false)).field, "parameters.top_p");
  EXPECT_EQ(refusal_of(parse_predict(R"({"input":3})", false)).field, "input");
}

// A field that a schema names and the parser does not know, or the other way round, is a lie to someone.
TEST(Schemas, name_only_fields_that_are_read_and_all_that_the_endpoints_share) {
  const auto schemas = parse_json(schemas_json());
  ASSERT_TRUE(schemas.is_ok()) << schemas.error().message;
  const auto is_unknown = [](const auto& parsed) {
    const auto* refusal = std::get_if<Refusal>(&parsed);
    return refusal != nullptr && refusal->error.message.find("no such field") != std::string::npos;
  };
  const auto check = [&](std::string_view name, auto is_unknown_field) {
    const json::object& properties = schemas->at(json::string_view(name)).at("properties").get_object();
    for (const auto& property : properties) {
      const std::string body = "{\"" + std::string(property.key()) + "\":null}";
      EXPECT_FALSE(is_unknown_field(body)) << name << "." << property.key();
    }
    return properties;
  };
  const auto chat = check("ChatRequest", [&](const std::string& body) { return is_unknown(parse_chat(body)); });
  const auto text =
      check("CompletionRequest", [&](const std::string& body) { return is_unknown(parse_completion(body)); });
  const auto plain =
      check("PredictRequest", [&](const std::string& body) { return is_unknown(parse_predict(body, false)); });
  check("ResponsesRequest", [&](const std::string& body) { return is_unknown(parse_responses(body)); });
  check("MessagesRequest", [&](const std::string& body) { return is_unknown(parse_messages(body)); });
  check("EmbeddingsRequest", [&](const std::string& body) { return is_unknown(parse_embeddings(body)); });
  check("RerankRequest", [&](const std::string& body) { return is_unknown(parse_rerank(body)); });
  check("ClassifyRequest", [&](const std::string& body) { return is_unknown(parse_classify(body)); });
  check("LoadAdapterRequest", [&](const std::string& body) { return is_unknown(parse_load_adapter(body)); });
  check("UnloadAdapterRequest", [&](const std::string& body) { return is_unknown(parse_unload_adapter(body)); });
  for (const std::string_view field : generation_fields()) {
    EXPECT_TRUE(chat.contains(json::string_view(field))) << field;
    EXPECT_TRUE(text.contains(json::string_view(field))) << field;
    EXPECT_TRUE(plain.contains(json::string_view(field))) << field;
  }
}

TEST(Schemas, examples_are_accepted) {
  const auto schemas = parse_json(schemas_json());
  ASSERT_TRUE(schemas.is_ok());
  chat_of(json::serialize(schemas->at("ChatRequest").at("example")));
  completion_of(json::serialize(schemas->at("CompletionRequest").at("example")));
  EXPECT_EQ(parse_predict(json::serialize(schemas->at("PredictRequest").at("example")), false).index(), 0u);
  EXPECT_EQ(parse_responses(json::serialize(schemas->at("ResponsesRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_messages(json::serialize(schemas->at("MessagesRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_embeddings(json::serialize(schemas->at("EmbeddingsRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_rerank(json::serialize(schemas->at("RerankRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_classify(json::serialize(schemas->at("ClassifyRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_load_adapter(json::serialize(schemas->at("LoadAdapterRequest").at("example"))).index(), 0u);
  EXPECT_EQ(parse_unload_adapter(json::serialize(schemas->at("UnloadAdapterRequest").at("example"))).index(), 0u);
}

}  // namespace
}  // namespace sixfold::service
