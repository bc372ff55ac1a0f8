// The official openai client: tools and their streams.  The built-in model calls functions only where it must.
import assert from "node:assert/strict";
import {test} from "node:test";
import OpenAI from "openai";

const client = new OpenAI({baseURL: process.env.SIXFOLD_URL + "/v1", apiKey: "unused", maxRetries: 0});
const model = "default";
const messages = [{role: "user", content: "What is the weather in Paris?"}];
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: {unit: {enum: ["celsius", "kelvin"]}, daily: {type: "boolean"}},
      required: ["unit", "daily"],
      additionalProperties: false,
    },
  },
};
const add = {type: "function", function: {name: "add", parameters: {type: "object", properties: {}, additionalProperties: false}}};

function checkWeather(call) {
  assert.equal(call.type, "function");
  assert.equal(call.function.name, "get_weather");
  const given = JSON.parse(call.function.arguments);
  assert.ok(["celsius", "kelvin"].includes(given.unit));
  assert.equal(typeof given.daily, "boolean");
}

test("a required call has arguments of the schema, whatever the seed", async () => {
  for (let seed = 0; seed < 5; ++seed) {
    const answer = await client.chat.completions.create({
      model, messages, seed, tools: [weather], tool_choice: "required", parallel_tool_calls: false, max_tokens: 200});
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    assert.equal(answer.choices[0].message.content, null);
    assert.equal(answer.choices[0].message.tool_calls.length, 1);
    checkWeather(answer.choices[0].message.tool_calls[0]);
  }
});

test("the named function is called, in every choice", async () => {
  const answer = await client.chat.completions.create({
    model, messages, n: 3, tools: [add, weather], tool_choice: {type: "function", function: {name: "get_weather"}},
    parallel_tool_calls: false, max_tokens: 200});
  assert.equal(answer.choices.length, 3);
  const ids = new Set(answer.choices.map((choice) => choice.message.tool_calls[0].id));
  assert.equal(ids.size, 3);
  for (const choice of answer.choices) checkWeather(choice.message.tool_calls[0]);
});

test("a streamed call is the same as the whole one for one seed", async () => {
  const options = {model, messages, seed: 3, tools: [weather], tool_choice: "required", parallel_tool_calls: false,
                   max_tokens: 200};
  const whole = await client.chat.completions.create(options);
  const runner = client.chat.completions.stream({...options, stream_options: {include_usage: true}});
  let fragments = 0;
  runner.on("tool_calls.function.arguments.delta", () => { ++fragments; });
  const final = await runner.finalChatCompletion();
  checkWeather(final.choices[0].message.tool_calls[0]);
  assert.equal(final.choices[0].message.tool_calls[0].function.arguments,
               whole.choices[0].message.tool_calls[0].function.arguments);
  assert.equal(final.choices[0].finish_reason, "tool_calls");
  assert.ok(fragments > 1, "the arguments come in fragments");
});

test("logprobs of a call", async () => {
  const answer = await client.chat.completions.create({
    model, messages, tools: [add], tool_choice: "required", parallel_tool_calls: false, max_tokens: 200, logprobs: true});
  assert.ok(answer.choices[0].logprobs.content.length > 0);
});

test("the client's tool runner calls our function and goes on", async () => {
  let called = 0;
  const runner = client.chat.completions.runTools({
    model, messages, max_tokens: 150, tool_choice: {type: "function", function: {name: "get_weather"}},
    parallel_tool_calls: false,
    tools: [{type: "function", function: {...weather.function, parse: JSON.parse, function: () => { ++called; return "mild"; }}}],
  }, {maxChatCompletions: 2});
  await runner.done().catch(() => {});
  assert.ok(called >= 1);
});

test("tools that are not functions raise BadRequestError with the field", async () => {
  await assert.rejects(client.chat.completions.create({model, messages, tools: [{type: "custom", custom: {name: "x"}}]}),
                       (error) => error instanceof OpenAI.BadRequestError && error.param === "tools[0].type");
});
