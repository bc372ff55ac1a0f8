// How long masks take on a vocabulary of 150,000 tokens: prints the numbers of docs/structured_output.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "core/json.h"
#include "engine/token_rule.h"
#include "grammar/json_rules.h"
#include "grammar/schema_rules.h"
#include "tokenizer/reference_data.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::engine {
namespace {

using Time = std::chrono::steady_clock;

double microseconds_since(Time::time_point begin) {
  return std::chrono::duration<double, std::micro>(Time::now() - begin).count();
}

struct Task {
  std::string name;
  std::string gbnf;
  std::string text;  // that the model writes
};

std::vector<Task> make_tasks() {
  const auto schema = [](std::string_view text) {
    return *grammar::rules_of_schema(*parse_json(text, "schema"), "root");
  };
  const std::string person =
      R"({"name": "Ada Lovelace", "age": 36, "email": "ada@example.com", "tags": ["mathematics", "poetry", "engines"], "address": {"street": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH"}, "bio": "She wrote the first program for a machine that was never built, and saw that such machines could do more than reckon with numbers."})";
  const std::string limited =
      R"({"title": "On engines that weave algebraic patterns", "summary": "The Analytical Engine weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves, she wrote in her notes.", "code": "AB-1234"})";
  return {
      {"any JSON object", grammar::rules_of_json(grammar::JsonKind::kObject, "root"), person},
      {"a schema with nested objects",
       schema(R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0,
        "maximum": 150}, "email": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"},
        "zip": {"type": "string"}}, "required": ["street", "city"], "additionalProperties": false}, "bio": {"type":
        "string"}}, "required": ["name", "age"], "additionalProperties": false})"),
       person},
      {"a schema with lengths and a pattern",
       schema(R"({"type": "object", "properties": {"title": {"type": "string", "minLength": 3, "maxLength": 80},
        "summary": {"type": "string", "maxLength": 400}, "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"}},
        "required": ["title", "summary", "code"], "additionalProperties": false})"),
       limited},
      {"strings with a length and a pattern each",
       schema(R"({"type": "object", "properties": {"user": {"type": "string", "pattern": "^[a-z0-9_]+$", "minLength": 3,
        "maxLength": 40}, "title": {"type": "string", "pattern": "^[^<>]*$", "maxLength": 200}, "words": {"type":
        "string", "pattern": "^[A-Z][A-Za-z ]+$", "maxLength": 120}}, "required": ["user", "title", "words"],
        "additionalProperties": false})"),
       R"({"user": "ada_lovelace_of_the_engine_1843", "title": "On engines that weave algebraic patterns as looms weave flowers", "words": "She wrote the first program for a machine that was never built"})"},
  };
}

void measure(const std::string& vocabulary) {
  const auto folder = tokenizer::reference_folder();
  if (!folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  const auto bytes = tokenizer::read_gzip(*folder + "ggml-vocab-" + vocabulary + ".gguf.gz");
  const std::string path = testing::TempDir() + "token_rule_speed_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".gguf";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto file = formats::open_checkpoint(path);
  ASSERT_TRUE(file.is_ok());
  auto made = tokenizer::make_tokenizer(tokenizer::vocabulary_of(*file));
  ASSERT_TRUE(made.is_ok());
  const tokenizer::Tokenizer& words = **made;

  Time::time_point begin = Time::now();
  const auto trie = std::make_shared<TokenTrie>(words);
  std::cout << vocabulary << ": " << words.size() << " tokens, tree of " << trie->tree().nodes().size()
            << " nodes made in " << microseconds_since(begin) / 1000 << " ms\n";
  for (const Task& task : make_tasks()) {
    begin = Time::now();
    const auto rule = TokenRule::make(trie, task.gbnf, {});
    ASSERT_TRUE(rule.is_ok()) << rule.error().message;
    const double compiled = microseconds_since(begin);
    const std::vector<TokenId> tokens = *words.encode(task.text, {.adds_special = false});
    for (const char* round : {"first", "second"}) {
      RuleReader reader(*rule);
      double total = 0;
      double largest = 0;
      std::size_t read = 0;
      for (const TokenId token : tokens) {
        std::vector<float> logits(words.size(), 1.0f);
        begin = Time::now();
        ASSERT_TRUE(reader.mask(logits, false).is_ok());
        ASSERT_FALSE(std::isinf(logits[static_cast<std::size_t>(token)])) << task.name << ", token " << read;
        ASSERT_TRUE(reader.accept(token).is_ok());
        const double own = microseconds_since(begin);
        total += own;
        largest = std::max(largest, own);
        ++read;
      }
      const double average = total / static_cast<double>(read);
      std::cout << "  " << task.name << ", " << round << " answer: " << average << " us a token on average, " << largest
                << " us at most, " << read << " tokens; compiled in " << compiled << " us\n";
    }
  }
}

TEST(TokenRuleSpeed, on_the_vocabulary_of_qwen2) {
  measure("qwen2");
}
TEST(TokenRuleSpeed, on_the_vocabulary_of_llama_bpe) {
  measure("llama-bpe");
}

}  // namespace
}  // namespace sixfold::engine
