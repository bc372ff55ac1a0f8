// GraphQL: what a query means, what is refused, and what a request may cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "service/bench.h"
#include "service/graphql/parser.h"
#include "service/graphql/plan.h"
#include "service/graphql/schema.h"
#include "service/graphql/validate.h"

namespace sixfold::service {
namespace {

using graphql::Document;
using graphql::GraphqlError;
using testing::HasSubstr;

class Graphql : public testing::Test {
 protected:
  Graphql() {
    bench.backend.script = [](FakeGeneration& generation) {
      generation.say("Hello");
      generation.finish(engine::FinishReason::kLength, 0, " world");
    };
  }
  std::string ask(const std::string& query, const std::string& variables = "{}") {
    const boost::json::object body{{"query", query}, {"variables", boost::json::parse(variables)}};
    const auto writer = bench.call(graphql_query, boost::json::serialize(body));
    return writer->answer ? writer->answer->body : "(no answer)";
  }
  std::string refused(const std::string& query, const std::string& variables = "{}") {
    const auto answer = boost::json::parse(ask(query, variables));
    EXPECT_FALSE(answer.get_object().contains("data")) << query;
    return text_at(answer, "/errors/0/message");
  }

  Bench bench;
};

TEST_F(Graphql, fields_come_in_the_order_and_under_the_names_that_were_asked_for) {
  EXPECT_EQ(ask("{ models { context name } }"), R"({"data":{"models":[{"context":128,"name":"fake"}]}})");
  EXPECT_EQ(
      ask("query A { a: model(name: \"also-fake\") { n: name __typename } b: model(name: \"x\") { name } __typename }"),
      R"({"data":{"a":{"n":"fake","__typename":"Model"},"b":null,"__typename":"Query"}})");
}

TEST_F(Graphql, fragments_directives_and_variables) {
  EXPECT_EQ(ask("query($name: String!, $with: Boolean = false, $less: Boolean!) { model(name: $name) { ...facts "
                "... on Model @include(if: $with) { context } ... @skip(if: $less) { vocabulary } } } "
                "fragment facts on Model { name aliases ...more } fragment more on Model { generates name }",
                R"({"name": "default", "less": false})"),
            R"({"data":{"model":{"name":"fake","aliases":["also-fake"],"generates":true,"vocabulary":0}}})");
}

TEST_F(Graphql, generates_from_a_prompt_or_messages) {
  EXPECT_EQ(
      ask("{ generate(prompt: \"Once\", options: {maxTokens: 4, temperature: 0, stop: \"x\", seed: 3}) "
          "{ text finishReason model usage { totalTokens } } }"),
      R"({"data":{"generate":{"text":"Hello world","finishReason":"LENGTH","model":"fake","usage":{"totalTokens":8}}}})");
  ASSERT_EQ(bench.backend.requests.size(), 1u);
  const GenerateRequest& request = bench.backend.requests.front();
  EXPECT_EQ(std::get<std::string>(request.input), "Once");
  EXPECT_EQ(request.tokens_max, 4u);
  EXPECT_EQ(request.sampling.temperature, 0);
  EXPECT_EQ(request.sampling.seed, 3u);
  EXPECT_EQ(request.stop, std::vector<std::string>{"x"});
  ask("query($m: [MessageInput!]) { generate(messages: $m) { text } }",
      R"({"m": [{"role": "user", "content": "Hi"}]})");
  ASSERT_EQ(bench.backend.requests.size(), 2u);
  EXPECT_EQ(std::get<0>(bench.backend.requests[1].input).size(), 1u);
}

TEST_F(Graphql, a_field_that_fails_is_null_and_the_others_stay) {
  const auto answer = boost::json::parse(
      ask("{ models { name } bad: generate(prompt: \"a\", options: {temperature: 99}) { text } none: generate { text } "
          "other: generate(prompt: \"a\", model: \"gpt\") { text } }"));
  EXPECT_EQ(text_at(answer, "/data/models/0/name"), "fake");
  EXPECT_EQ(text_at(answer, "/data/bad"), "null");
  EXPECT_THAT(text_at(answer, "/errors/0/message"), HasSubstr("temperature"));
  EXPECT_EQ(text_at(answer, "/errors/0/path"), R"(["bad"])");
  EXPECT_EQ(text_at(answer, "/errors/0/locations/0/column"), "19");
  EXPECT_EQ(text_at(answer, "/errors/0/extensions/code"), "invalid_argument");
  EXPECT_EQ(text_at(answer, "/errors/1/path"), R"(["none"])");
  EXPECT_EQ(text_at(answer, "/errors/2/extensions/code"), "not_found");
}

TEST_F(Graphql, embeddings_classes_and_rankings_come_from_the_backend) {
  bench.backend.description.classes = {"no", "yes"};
  const auto answer_of = [&](const std::string& query, const auto& give) {
    net::HttpRequest request;
    request.method = "POST";
    request.body = boost::json::serialize(boost::json::object{{"query", query}});
    const auto writer = std::make_shared<FakeWriter>();
    graphql_query(bench.state, request, writer);
    EXPECT_FALSE(writer->answer.has_value()) << "answered before the backend did";
    give();
    writer->run_tasks();
    return writer->answer ? writer->answer->body : "(no answer)";
  };
  EXPECT_EQ(answer_of("{ embed(input: [\"a\", \"b\"], dimensions: 2) { vectors totalTokens } }",
                      [&] {
                        bench.backend.embeds.back().second(Embeddings{{{0.5F, 1}, {0, -1}}, 7});
                      }),
            R"({"data":{"embed":{"vectors":[[0.5,1],[0,-1]],"totalTokens":7}}})");
  EXPECT_EQ(answer_of("{ classify(input: \"a\") { results { label classes { label probability } } } }",
                      [&] {
                        bench.backend.scores.back().second(Scores{{{0, 0}}, 3});
                      }),
            R"({"data":{"classify":{"results":[{"label":"no","classes":[{"label":"no","probability":0.5},)"
            R"({"label":"yes","probability":0.5}]}]}}})");
  bench.backend.description.classes = {"relevance"};
  EXPECT_EQ(answer_of("{ rerank(query: \"q\", documents: [\"a\", \"b\"], topN: 1) { results { index document } } }",
                      [&] {
                        bench.backend.scores.back().second(Scores{{{0}, {2}}, 3});
                      }),
            R"({"data":{"rerank":{"results":[{"index":1,"document":"b"}]}}})");
}

TEST_F(Graphql, what_the_schema_lacks_is_refused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{ modles { name } }", "Cannot query field \"modles\" on type \"Query\"."},
      {"{ models { nmae } }", "Cannot query field \"nmae\" on type \"Model\"."},
      {"{ models }", "must have a selection of subfields"},
      {"{ models { name { x } } }", "must not have a selection"},
      {"{ model { name } }", "Argument \"name\" of type \"String!\" is required"},
      {"{ model(name: \"a\", name: \"b\") { name } }", "only one argument named \"name\""},
      {"{ model(name: 3) { name } }", "Expected value of type \"String\", found 3."},
      {"{ model(name: null) { name } }", "Expected value of type \"String!\", found null."},
      {"{ model(nam: \"a\", name: \"b\") { name } }", "Unknown argument \"nam\""},
      {"{ generate(prompt: \"a\", options: {heat: 1}) { text } }", "Field \"heat\" is not defined by type"},
      {"{ generate(messages: {role: \"user\"}) { text } }", "Field \"MessageInput.content\" of required type"},
      {"{ generate(prompt: \"a\", options: {maxTokens: 3000000000}) { text } }", "found 3000000000."},
      {"{ ...f }", "Unknown fragment \"f\"."},
      {"{ ...f } fragment f on Nothing { x }", "Unknown type \"Nothing\"."},
      {"{ ...f } fragment f on Model { name }", "can never be of type"},
      {"{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }", "within itself"},
      {"{ __typename } fragment f on Query { __typename }", "is never used"},
      {"query($x: Int) { __typename }", "Variable \"$x\" is never used."},
      {"{ model(name: $x) { name } }", "Variable \"$x\" is not defined."},
      {"query($x: String) { model(name: $x) { name } }", "used in position expecting type \"String!\""},
      {"query($x: Model) { model(name: $x) { name } }", "cannot be non-input type"},
      {"query($x: Sting!) { model(name: $x) { name } }", "Unknown type \"Sting\"."},
      {"mutation { generate(prompt: \"a\") { text } }", "The schema has no mutation type"},
      {"{ __typename @upper }", "Unknown directive \"@upper\"."},
      {"query @skip(if: true) { __typename }", "may not be used on QUERY"},
      {"{ __typename @skip }", "Argument \"if\" of type \"Boolean!\" is required"},
      {"{ __typename } { __typename }", "must be the only defined operation"},
      {"{ a: __typename a: models { name } }", "conflict"},
      {"{ a: model(name: \"x\") { name } a: model(name: \"y\") { name } }", "conflict"},
      {"query A { __typename } query B { __typename }", "Must provide operation name"},
  };
  for (const auto& [query, message] : cases) EXPECT_THAT(refused(query), HasSubstr(message)) << query;
  EXPECT_THAT(refused("query($x: String!) { model(name: $x) { name } }"), HasSubstr("was not provided"));
  EXPECT_THAT(refused("query($x: String!) { model(name: $x) { name } }", R"({"x": 4})"),
              HasSubstr("Variable \"$x\": want String!, got 4"));
  EXPECT_THAT(refused("query($x: GenerationOptions) { generate(prompt: \"a\", options: $x) { text } }",
                      R"({"x": {"heat": 4}})"),
              HasSubstr("has no field \"heat\""));
}

TEST_F(Graphql, text_that_is_not_graphql_is_told_with_its_place) {
  for (const std::string query :
       {"", "{", "}", "{ a(", "{ a(b: ) }", "{ a(b: \"x) }", "{ a(b: 01) }", "{ a(b: 1.) }", "{ a: }",
        "fragment on on Query { a }", "query ($a Int) { a }", "{ a(b: \"\\q\") }", "{ a } garbage",
        "{ a(b: \"\\uD800\") }", "\xFF", "{ a(b: $) }", "query($a: Int = $b) { a }", "{ ... }"}) {
    const auto parsed = graphql::parse_document(query);
    ASSERT_EQ(parsed.index(), 1u) << query;
    EXPECT_FALSE(std::get<GraphqlError>(parsed).locations.empty());
  }
  const auto answer = boost::json::parse(ask("{\n  models {\n    name,,\n    %\n  }\n}"));
  EXPECT_EQ(text_at(answer, "/errors/0/locations/0"), R"({"line":4,"column":5})");
}

TEST_F(Graphql, strings_mean_what_the_specification_says) {
  const auto text_of = [](const std::string& literal) {
    const auto parsed = graphql::parse_document("{ a(b: " + literal + ") }");
    if (parsed.index() == 1) return std::get<GraphqlError>(parsed).message;
    return std::get<Document>(parsed).operations[0].selections[0].arguments[0].value.text;
  };
  EXPECT_EQ(text_of(R"("a\n\"\\\/\u0041\u{1F600}\uD83D\uDE00")"), "a\n\"\\/A\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
  EXPECT_EQ(text_of("\"\"\"\n    one\n      two\n    \\\"\"\"\n  \"\"\""), "one\n  two\n\"\"\"");
  EXPECT_EQ(text_of("\"\""), "");
}

TEST_F(Graphql, requests_are_bounded) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{ a ";
  EXPECT_THAT(refused(deep), HasSubstr("nested deeper"));
  EXPECT_THAT(refused("{ a(b: " + std::string(5000, '[') + ") }"), HasSubstr("nested deeper"));
  EXPECT_THAT(refused("{" + std::string(70'000, 'a') + "}"), HasSubstr("bytes"));
  std::string many = "{";
  for (int i = 0; i < 9000; ++i) many += " a";
  EXPECT_THAT(refused(many + "}"), HasSubstr("more than 8192 tokens"));
  // Each fragment spreads the next one in two places: 2^15 fields.
  std::string bomb = "{ __type(name: \"Query\") { ...f0 } }";
  for (int i = 0; i < 15; ++i) {
    const std::string next = ": ofType { ...f" + std::to_string(i + 1) + " } ";
    bomb += " fragment f" + std::to_string(i) + " on __Type { a" + next + "b" + next + "}";
  }
  EXPECT_THAT(refused(bomb + " fragment f15 on __Type { name }"), HasSubstr("more than 10000 fields"));
  std::string work = "{";
  for (int i = 0; i < 17; ++i) work += " a" + std::to_string(i) + ": generate(prompt: \"a\") { text }";
  EXPECT_THAT(refused(work + "}"), HasSubstr("asks the model 17 times, want at most 16"));
  EXPECT_TRUE(bench.backend.requests.empty());
}

TEST_F(Graphql, bodies_that_are_no_request_get_400) {
  for (const std::string body : {"", "[]", "{}", R"({"query":5})", R"({"query":"{a}","variables":[]})",
                                 R"({"query":"{a}","operationName":1})"}) {
    EXPECT_EQ(bench.call(graphql_query, body)->answer->status, 400) << body;
  }
  EXPECT_EQ(bench.call(graphql_query, R"({"query":"{a}"})")->answer->status, 200) << "old clients read \"errors\"";
  net::HttpRequest request;
  request.method = "GET";
  request.query = {{"query", "query($n: String!) { model(name: $n) { name } }"}, {"variables", R"({"n":"default"})"}};
  request.headers = {{"Accept", "application/graphql-response+json"}};
  const auto writer = std::make_shared<FakeWriter>();
  graphql_query(bench.state, request, writer);
  writer->run_tasks();
  EXPECT_EQ(writer->answer->body, R"({"data":{"model":{"name":"fake"}}})");
  EXPECT_EQ(writer->answer->content_type, "application/graphql-response+json");
  request.query = {{"query", "{ nothing }"}};
  const auto refusal = std::make_shared<FakeWriter>();
  graphql_query(bench.state, request, refusal);
  EXPECT_EQ(refusal->answer->status, 400) << "new clients read the status";
}

TEST_F(Graphql, a_client_that_leaves_cancels_what_runs) {
  bench.backend.script = nullptr;
  net::HttpRequest request;
  request.method = "POST";
  request.body = R"({"query":"{ generate(prompt: \"a\") { text } }"})";
  const auto writer = std::make_shared<FakeWriter>();
  graphql_query(bench.state, request, writer);
  ASSERT_EQ(bench.backend.generations.size(), 1u);
  EXPECT_FALSE(bench.backend.generations[0]->is_cancelled);
  writer->leave();
  EXPECT_TRUE(bench.backend.generations[0]->is_cancelled);
  bench.backend.generations[0]->finish(engine::FinishReason::kCancelled);
  bench.backend.generations[0]->ready = nullptr;
  writer->run_tasks();
}

TEST_F(Graphql, the_documented_schema_is_the_one_that_is_served) {
  std::ifstream file(SIXFOLD_SOURCE_DIR "/docs/schema.graphql");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), graphql::schema_text());
}

TEST_F(Graphql, introspection_tells_types_with_their_wrappers) {
  EXPECT_EQ(
      ask("{ __type(name: \"Embeddings\") { kind name fields { name type { kind ofType { kind ofType { kind name "
          "} } } } } }"),
      R"({"data":{"__type":{"kind":"OBJECT","name":"Embeddings","fields":[)"
      R"({"name":"model","type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","ofType":null}}},)"
      R"({"name":"vectors","type":{"kind":"NON_NULL","ofType":{"kind":"LIST","ofType":{"kind":"NON_NULL","name":null}}}},)"
      R"({"name":"totalTokens","type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","ofType":null}}}]}}})");
  EXPECT_EQ(ask("{ __type(name: \"Nothing\") { name } __schema { queryType { name } mutationType { name } } }"),
            R"({"data":{"__type":null,"__schema":{"queryType":{"name":"Query"},"mutationType":null}}})");
}

TEST_F(Graphql, fields_of_one_name_must_ask_for_the_same_whatever_the_variables_say) {
  const std::vector<std::string> conflicts = {
      "{ a: __typename a: models @skip(if: true) { name } }",
      "{ a: models @skip(if: true) { name } ... @include(if: false) { a: __typename } }",
      "query($n: String = \"x\") { a: model(name: $n) { name } a: model(name: \"x\") { name } }",
      "{ models { a: name } ...f } fragment f on Query { models { a: context } }",
      "{ a: rerank(query: \"q\", documents: [\"x\", \"y\"]) { model } "
      "a: rerank(query: \"q\", documents: [\"y\", \"x\"]) { model } }",
      "{ a: model(name: \"x\") { name } a: model(name: \"x\") { name: context } }",
  };
  for (const std::string& query : conflicts) {
    const auto answer = boost::json::parse(ask(query));
    EXPECT_THAT(text_at(answer, "/errors/0/message"), HasSubstr("conflict")) << query;
    EXPECT_EQ(text_at(answer, "/errors/0/locations/1/line"), "1") << query;
  }
  const auto another = answer_json(*bench.call(
      graphql_query,
      R"({"query":"query A { __typename } query B { a: __typename a: models { name } }","operationName":"A"})"));
  EXPECT_THAT(text_at(another, "/errors/0/message"), HasSubstr("conflict")) << "of an operation that does not run";
  EXPECT_THAT(ask("{ models { name } models { name context } }"), HasSubstr(R"([{"name":"fake","context":128}])"));
  EXPECT_THAT(ask("{ a: rerank(query: \"q\", documents: [\"x\"]) { model } a: rerank(documents: [\"x\"], query: \"q\") "
                  "{ model } }"),
              testing::Not(HasSubstr("conflict")));
  EXPECT_THAT(ask("{ a: generate(prompt: \"p\", options: {topK: 1, seed: 2}) { text } "
                  "a: generate(prompt: \"p\", options: {seed: 2, topK: 1}) { text } }"),
              HasSubstr("Hello world"));
}

TEST_F(Graphql, a_field_comes_where_it_is_first_included) {
  EXPECT_EQ(ask("{ models { name @skip(if: true) context name } }"),
            R"({"data":{"models":[{"context":128,"name":"fake"}]}})");
  EXPECT_EQ(ask("{ models { ...f @skip(if: true) context ...f } } fragment f on Model { name }"),
            R"({"data":{"models":[{"context":128,"name":"fake"}]}})");
}

TEST_F(Graphql, null_in_place_of_a_default_fails_the_field_alone) {
  const auto answer = boost::json::parse(
      ask("query($n: String = \"x\") { models { name } no: model(name: $n) { name } __type(name: $n) { name } "
          "list: embed(input: [$n]) { totalTokens } }",
          R"({"n": null})"));
  EXPECT_EQ(text_at(answer, "/data/models/0/name"), "fake");
  for (const std::string place : {"0", "1", "2"}) {
    const std::string path = text_at(answer, "/errors/" + place + "/path/0");
    EXPECT_EQ(text_at(answer, "/data/" + path), "null");
    EXPECT_THAT(text_at(answer, "/errors/" + place + "/message"), HasSubstr("Expected value of type \"String!\""));
    EXPECT_EQ(text_at(answer, "/errors/" + place + "/extensions/code"), "invalid_argument");
  }
  EXPECT_EQ(text_at(answer, "/errors/1/path"), R"(["__type"])");
}

TEST_F(Graphql, directives_of_variables_are_checked) {
  EXPECT_THAT(refused("query($n: String! @upper) { model(name: $n) { name } }"), HasSubstr("Unknown directive"));
  EXPECT_THAT(refused("query($n: String! @skip(if: true)) { model(name: $n) { name } }"),
              HasSubstr("\"@skip\" may not be used on VARIABLE_DEFINITION"));
}

// A mistake is told once: what stands within it is used all the same.
TEST_F(Graphql, one_mistake_makes_one_error) {
  for (const std::string query :
       {"query($t: Float) { generate(prompt: \"a\", options: {temperature: $t, heat: 1}) { text } }",
        "query($n: String!) { nothing(name: $n) { a(b: [$n]) ...f } } fragment f on Model { name }",
        "query($n: String!) { model(nam: $n, name: \"a\") { name } }",
        "query($n: Boolean!) { models { name @upper(if: $n) } }", "{ ...f } fragment f on Model { name }",
        "query($n: Boolean!) { ... on Model { name @skip(if: $n) } }",
        "query($n: Boolean!) { models { name { a @skip(if: $n) } } }",
        "query($n: Boolean!) { ...f } fragment f on Nothing { name @skip(if: $n) }",
        "mutation($n: String!) { ...f } fragment f on Query { model(name: $n) { name } }"}) {
    const auto answer = boost::json::parse(ask(query));
    EXPECT_EQ(answer.at("errors").as_array().size(), 1u) << boost::json::serialize(answer);
  }
}

TEST_F(Graphql, numbers_keep_all_their_digits) {
  bench.backend.description.parameters = 1'123'456'789'123;
  EXPECT_EQ(ask("{ models { parameters } }"), R"({"data":{"models":[{"parameters":1123456789123}]}})");
  net::HttpRequest request;
  request.method = "POST";
  request.body = R"({"query":"{ embed(input: \"a\") { vectors } }"})";
  const auto writer = std::make_shared<FakeWriter>();
  graphql_query(bench.state, request, writer);
  bench.backend.embeds.back().second(Embeddings{{{0.100000024F, -0.123456791F, 1}}, 3});
  writer->run_tasks();
  EXPECT_EQ(writer->answer->body, R"({"data":{"embed":{"vectors":[[0.100000024,-0.12345679,1]]}}})")
      << "the shortest text that gives the same float, as /v1/embeddings has it";
}

TEST_F(Graphql, an_option_out_of_range_is_called_by_its_name_here) {
  const auto message_of = [&](const std::string& options) {
    const auto answer = boost::json::parse(ask("{ generate(prompt: \"a\", options: {" + options + "}) { text } }"));
    return text_at(answer, "/errors/0/message");
  };
  EXPECT_EQ(message_of("topP: 5"), "\"options.topP\": want a number between 0 and 1, got 5");
  EXPECT_THAT(message_of("maxTokens: 0"), testing::StartsWith("\"options.maxTokens\": want an integer between 1 and"));
  EXPECT_THAT(message_of("repetitionPenalty: 0"), testing::StartsWith("\"options.repetitionPenalty\": want"));
  EXPECT_THAT(message_of("stop: [\"\"]"), testing::StartsWith("\"options.stop\": want"));
}

TEST_F(Graphql, places_are_counted_in_characters_and_a_wrong_one_is_shown) {
  const auto wrong = [](const std::string& query) {
    const auto parsed = graphql::parse_document(query);
    return parsed.index() == 1 ? std::get<GraphqlError>(parsed) : GraphqlError{};
  };
  EXPECT_EQ(wrong("{ a(b: 'c') }").message,
            R"(Syntax Error: Unexpected character "'"; strings stand in double quotes.)");
  EXPECT_EQ(wrong("{ a(b: .) }").message, "Syntax Error: Unexpected character \".\".");
  EXPECT_EQ(wrong("{ a(b: \xE2\x80\x9C"
                  "c\xE2\x80\x9D) }")
                .message,
            "Syntax Error: Unexpected character \"\xE2\x80\x9C\" (U+201C).");
  EXPECT_EQ(wrong("{ a\x01 }").message, "Syntax Error: Unexpected character U+0001.");
  const auto column = [&](const std::string& query) {
    const GraphqlError error = wrong(query);
    return error.locations.empty() ? 0 : error.locations.front().column;
  };
  EXPECT_EQ(column("{ a(b: \"\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80\") % }"), 15u) << "three characters in the string";
  EXPECT_EQ(column("{ a(b: \"\"\"\xC3\xA9\n\xC3\xA9\"\"\") % }"), 7u);
  EXPECT_EQ(column("{ a(b: \"x\\u{ZZ\n }\") }"), 10u) << "the escape's place";
  EXPECT_EQ(column("{ a(b: \"x\\u12\") }"), 10u);
}

TEST_F(Graphql, a_byte_order_mark_is_white_space_and_code_points_have_one_form) {
  EXPECT_EQ(graphql::parse_document("\xEF\xBB\xBF{ a\xEF\xBB\xBF }\xEF\xBB\xBF").index(), 0u);
  for (const std::string escape : {R"(\u{D83D}\uDE00)", R"(\uD83D\u{DE00})", R"(\u{})", R"(\u{110000})", R"(\uDE00)"}) {
    EXPECT_EQ(graphql::parse_document("{ a(b: \"" + escape + "\") }").index(), 1u) << escape;
  }
  EXPECT_EQ(graphql::parse_document(R"({ a(b: "\u{00000041}") })").index(), 0u);
}

TEST_F(Graphql, a_long_value_is_not_repeated_in_whole) {
  const std::string text(3000, 'x');
  EXPECT_LT(refused("{ model(name: [\"" + text + "\"]) { name } }").size(), 200u);
  EXPECT_LT(refused("{ embed(input: {a: \"" + text + "\"}) { totalTokens } }").size(), 200u);
}

}  // namespace
}  // namespace sixfold::service
