// The official openai client against a running server; SIXFOLD_URL says where.
import assert from "node:assert/strict";
import {test} from "node:test";
import OpenAI from "openai";

const base = process.env.SIXFOLD_URL;
const client = new OpenAI({baseURL: base + "/v1", apiKey: "unused", maxRetries: 0});
const messages = [{role: "user", content: "Once upon a time"}];
const model = "default";

// The value of the first series whose line has all of these parts.  A labelled counter has none before its first event.
async function metric(...parts) {
  const page = await (await fetch(base + "/metrics")).text();
  const line = page.split("\n").find((text) => !text.startsWith("#") && parts.every((part) => text.includes(part)));
  return line === undefined ? undefined : Number(line.split(" ").pop());
}

test("chat", async () => {
  const answer = await client.chat.completions.create({model, messages, max_completion_tokens: 8});
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.equal(typeof answer.choices[0].message.content, "string");
  assert.ok(["stop", "length"].includes(answer.choices[0].finish_reason));
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  assert.ok(answer.usage.completion_tokens <= 8);
  assert.ok(answer._request_id);
});

test("chat stream says the same as the whole answer for one seed", async () => {
  const options = {model, messages, max_tokens: 24, seed: 7, temperature: 0.9};
  const whole = await client.chat.completions.create(options);
  const again = await client.chat.completions.create(options);
  assert.equal(again.choices[0].message.content, whole.choices[0].message.content);
  const stream = await client.chat.completions.create({...options, stream: true, stream_options: {include_usage: true}});
  let text = "", usage, finish;
  const ids = new Set();
  for await (const chunk of stream) {
    ids.add(chunk.id);
    text += chunk.choices[0]?.delta?.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(finish, whole.choices[0].finish_reason);
  assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
  assert.equal(ids.size, 1);
});

test("the client's stream helper assembles the answer", async () => {
  const runner = client.chat.completions.stream({model, messages, max_tokens: 8});
  const final = await runner.finalChatCompletion();
  assert.equal(typeof final.choices[0].message.content, "string");
});

test("aborting a stream frees the engine", async () => {
  const cancelled = async () => (await metric("sixfold_requests_finished_total", 'reason="cancel"')) ?? 0;
  const before = await cancelled();
  const stream = await client.chat.completions.create(
    {model, messages, max_tokens: 400, stream: true, ignore_eos: true});
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) break;  // leaving the loop aborts the request
  }
  stream.controller.abort();
  const end = Date.now() + 30_000;
  while (await cancelled() !== before + 1) {
    assert.ok(Date.now() < end, "the request was not cancelled within 30 s after its client left");
  }
  assert.equal(await metric("sixfold_requests_running"), 0);
});

test("several choices", async () => {
  const answer = await client.chat.completions.create({model, messages, max_tokens: 4, n: 3});
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2]);
});

test("logprobs", async () => {
  const answer = await client.chat.completions.create(
    {model, messages, max_tokens: 3, logprobs: true, top_logprobs: 2, temperature: 0, ignore_eos: true});
  const {content} = answer.choices[0].logprobs;
  assert.equal(content.length, 3);
  for (const token of content) {
    assert.equal(token.top_logprobs.length, 2);
    assert.equal(token.logprob, token.top_logprobs[0].logprob, "the greedy token is the likeliest");
    assert.deepEqual(Buffer.from(token.bytes).toString(), token.token);
  }
});

test("stop strings end the text before themselves", async () => {
  const options = {model, prompt: "Once upon a time", max_tokens: 24, temperature: 0};
  const whole = (await client.completions.create(options)).choices[0].text;
  const stop = whole.slice(10, 13);
  assert.equal(stop.length, 3);
  const answer = await client.completions.create({...options, stop: [stop]});
  assert.equal(answer.choices[0].text, whole.slice(0, whole.indexOf(stop)));
  assert.equal(answer.choices[0].finish_reason, "stop");
});

test("completions, whole and streamed", async () => {
  const options = {model, prompt: ["Once", "The"], max_tokens: 6, temperature: 0};
  const whole = await client.completions.create(options);
  assert.equal(whole.choices.length, 2);
  const texts = ["", ""];
  for await (const chunk of await client.completions.create({...options, stream: true})) {
    for (const choice of chunk.choices) texts[choice.index] += choice.text;
  }
  assert.deepEqual(texts, whole.choices.map((choice) => choice.text));
});

test("models", async () => {
  const list = await client.models.list();
  assert.equal(list.data.length, 1);
  const one = await client.models.retrieve(list.data[0].id);
  assert.equal(one.id, list.data[0].id);
  await assert.rejects(client.models.retrieve("nothing"), OpenAI.NotFoundError);
});

test("an unknown model raises NotFoundError", async () => {
  await assert.rejects(client.chat.completions.create({model: "gpt-0", messages}), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
});

test("a bad value raises BadRequestError with its field", async () => {
  await assert.rejects(client.chat.completions.create({model, messages, temperature: 99}), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "temperature");
    assert.match(error.message, /want a number between 0 and 10, got 99/);
    return true;
  });
});

test("a prompt that is too long raises BadRequestError with its code", async () => {
  await assert.rejects(client.completions.create({model, prompt: "word ".repeat(20_000)}), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, "context_length_exceeded");
    return true;
  });
});

test("response_format keeps to its schema", async () => {
  const schema = {
    type: "object",
    properties: {
      title: {type: "string", minLength: 1, maxLength: 12},
      kind: {enum: ["poem", "tale"]},
      parts: {type: "array", items: {type: "integer", minimum: 1, maximum: 9}, minItems: 1, maxItems: 3},
    },
    required: ["title", "kind", "parts"],
    additionalProperties: false,
  };
  const response_format = {type: "json_schema", json_schema: {name: "story", strict: true, schema}};
  for (let seed = 0; seed < 5; ++seed) {
    const answer = await client.chat.completions.create({model, messages, seed, response_format, max_tokens: 200});
    assert.equal(answer.choices[0].finish_reason, "stop");
    const value = JSON.parse(answer.choices[0].message.content);
    assert.deepEqual(Object.keys(value), ["title", "kind", "parts"]);
    assert.ok([...value.title].length >= 1 && [...value.title].length <= 12);
    assert.ok(["poem", "tale"].includes(value.kind));
    assert.ok(value.parts.length >= 1 && value.parts.length <= 3 && value.parts.every((part) => part >= 1 && part <= 9));
  }
});

test("a schema that cannot be enforced is refused", async () => {
  const response_format = {type: "json_schema", json_schema: {name: "n", schema: {type: "array", uniqueItems: true}}};
  await assert.rejects(client.chat.completions.create({model, messages, response_format}), (error) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /uniqueItems/);
    return true;
  });
});
