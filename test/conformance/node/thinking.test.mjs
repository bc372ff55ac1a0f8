// Thinking, its budget and calls, with the clients of three dialects; SIXFOLD_THINKING_URL says where a model is that thinks.
import assert from "node:assert/strict";
import {test} from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import {Ollama} from "ollama";
import OpenAI from "openai";

const base = process.env.SIXFOLD_THINKING_URL;
const openai = new OpenAI({baseURL: base + "/v1", apiKey: "unused", maxRetries: 0});
const anthropic = new Anthropic({baseURL: base, apiKey: "unused", maxRetries: 0});
const ollama = new Ollama({host: base});
const model = "default";
const messages = [{role: "user", content: "What is the weather in Paris?"}];
const parameters = {type: "object", properties: {unit: {enum: ["celsius", "kelvin"]}}, required: ["unit"],
                    additionalProperties: false};
const weather = {type: "function", function: {name: "get_weather", description: "The weather.", parameters}};

test("openai: the reasoning ends when its budget is used up", async () => {
  for (const budget of [0, 1, 12]) {
    const answer = await openai.chat.completions.create(
      {model, messages, seed: budget, max_tokens: 48, thinking_token_budget: budget});
    const reasoning = answer.choices[0].message.reasoning_content ?? "";
    assert.equal(reasoning === "", budget === 0);
    assert.equal(typeof answer.choices[0].message.content, "string");
    const used = answer.usage.completion_tokens_details?.reasoning_tokens ?? 0;
    assert.ok(used <= budget + 12, `${used} tokens with a budget of ${budget}, the marker's own with them`);
  }
});

test("openai: a call and a schema come behind a reasoning of the given length", async () => {
  for (let seed = 0; seed < 4; ++seed) {
    const called = await openai.chat.completions.create({
      model, messages, seed, max_tokens: 200, thinking_budget_tokens: 8, tools: [weather], tool_choice: "required",
      parallel_tool_calls: false});
    assert.equal(called.choices[0].finish_reason, "tool_calls");
    assert.ok(called.choices[0].message.reasoning_content.length > 0);
    assert.ok(["celsius", "kelvin"].includes(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments).unit));
    const written = await openai.chat.completions.create({
      model, messages, seed, max_tokens: 200, thinking_budget_tokens: 8,
      response_format: {type: "json_schema", json_schema: {name: "w", schema: parameters}}});
    assert.equal(written.choices[0].finish_reason, "stop");
    assert.ok(["celsius", "kelvin"].includes(JSON.parse(written.choices[0].message.content).unit));
  }
});

test("anthropic: output_config.format holds the answer to a schema", async () => {
  const format = {type: "json_schema", schema: parameters};
  const message = await anthropic.messages.create({model, messages, max_tokens: 100, output_config: {format}});
  assert.equal(message.stop_reason, "end_turn");
  assert.ok(["celsius", "kelvin"].includes(JSON.parse(message.content[0].text).unit));
  const parsed = await anthropic.messages.parse({model, messages, max_tokens: 100, output_config: {format}});
  assert.equal(JSON.parse(parsed.content[0].text).unit.length > 0, true);
  await assert.rejects(
    anthropic.messages.create({model, messages, max_tokens: 8, output_config: {format: {
      type: "json_schema", schema: {type: "array", contains: {}}}}}),
    (error) => error instanceof Anthropic.BadRequestError && /output_config.format.schema.*contains/.test(error.message));
});

test("anthropic: a budget within the context is taken, and thoughts are blocks", async () => {
  const message = await anthropic.messages.create(
    {model, messages, max_tokens: 1030, thinking: {type: "enabled", budget_tokens: 1024}});
  assert.equal(message.content[0].type, "thinking");
  await assert.rejects(
    anthropic.messages.create({model, messages, max_tokens: 1030, thinking: {type: "enabled", budget_tokens: 8}}),
    Anthropic.BadRequestError);
});

test("ollama: thinking apart from content, whole and streamed", async () => {
  const options = {seed: 1, num_predict: 12};
  const whole = await ollama.chat({model, messages, think: true, options});
  assert.ok(whole.message.thinking.length > 0);
  assert.equal(whole.message.content, "");
  let thinking = "";
  for await (const part of await ollama.chat({model, messages, think: true, options, stream: true})) {
    thinking += part.message.thinking ?? "";
    assert.equal(part.message.content, "");
  }
  assert.equal(thinking, whole.message.thinking);
  const straight = await ollama.chat({model, messages, think: false, options});
  assert.equal(straight.message.thinking, undefined);
  assert.ok(straight.message.content.length > 0);
  assert.ok((await ollama.show({model})).capabilities.includes("thinking"));
});

// There is no tool_choice, and this model never learned to call: beside a format its answer is that or a call, and some
// seeds choose the call.
test("ollama: calls have their arguments as an object, whole and streamed", async () => {
  let calls = 0;
  for (let seed = 0; seed < 80 && calls < 2; ++seed) {
    const request = {model, messages, think: false, tools: [weather], format: {type: "null"},
                     options: {seed, temperature: 5, num_predict: 300}};
    const whole = await ollama.chat(request);
    if (whole.message.tool_calls === undefined) assert.equal(whole.message.content, "null");
    if (whole.message.tool_calls === undefined || whole.done_reason !== "stop") continue;
    ++calls;
    for (const call of whole.message.tool_calls) {
      assert.equal(call.function.name, "get_weather");
      assert.ok(["celsius", "kelvin"].includes(call.function.arguments.unit));
    }
    const streamed = [];
    for await (const part of await ollama.chat({...request, stream: true})) {
      streamed.push(...(part.message.tool_calls ?? []));
    }
    assert.deepEqual(streamed.map((call) => call.function), whole.message.tool_calls.map((call) => call.function));
    const next = await ollama.chat({model, think: false, options: {num_predict: 4}, tools: [weather], messages: [
      ...messages, whole.message, {role: "tool", tool_name: "get_weather", content: "mild"}]});
    assert.equal(next.message.role, "assistant");
  }
  assert.ok(calls > 0, "no seed chose a call");
});
