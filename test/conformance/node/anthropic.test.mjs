// The official @anthropic-ai/sdk client against a running server.
import assert from "node:assert/strict";
import {test} from "node:test";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({baseURL: process.env.SIXFOLD_URL, apiKey: "unused", maxRetries: 0});
const model = "default";
const messages = [{role: "user", content: "Once upon a time"}];
const tool = {
  name: "pick", description: "Picks one.",
  input_schema: {type: "object", properties: {sure: {type: "boolean"}}, required: ["sure"], additionalProperties: false},
};
const must = {type: "tool", name: "pick", disable_parallel_tool_use: true};

test("a message", async () => {
  const message = await client.messages.create({model, messages, max_tokens: 8, system: "Tell a story."});
  assert.equal(message.type, "message");
  assert.equal(message.role, "assistant");
  assert.equal(message.content[0].type, "text");
  assert.ok(["end_turn", "max_tokens"].includes(message.stop_reason));
  assert.ok(message.usage.output_tokens <= 8);
  assert.ok(message._request_id);
});

test("a streamed message, assembled by the client", async () => {
  const stream = client.messages.stream({model, messages, max_tokens: 12});
  let text = "";
  stream.on("text", (delta) => { text += delta; });
  const message = await stream.finalMessage();
  assert.equal(message.content[0].text, text);
  assert.ok(message.usage.output_tokens >= 1);
  assert.ok(message.usage.input_tokens + message.usage.cache_read_input_tokens >= 1);
});

test("the order of a stream's events", async () => {
  const kinds = [];
  for await (const event of await client.messages.create({model, messages, max_tokens: 6, stream: true})) {
    if (kinds.at(-1) !== event.type) kinds.push(event.type);
  }
  assert.deepEqual(kinds, ["message_start", "content_block_start", "content_block_delta", "content_block_stop",
                           "message_delta", "message_stop"]);
});

test("a required call, whole and streamed", async () => {
  const options = {model, messages, max_tokens: 150, tools: [tool], tool_choice: must};
  const whole = await client.messages.create(options);
  assert.equal(whole.stop_reason, "tool_use");
  assert.equal(whole.content[0].type, "tool_use");
  assert.equal(typeof whole.content[0].input.sure, "boolean");
  const stream = client.messages.stream(options);
  let json = "";
  stream.on("inputJson", (delta) => { json += delta; });
  const message = await stream.finalMessage();
  assert.equal(message.content[0].name, "pick");
  assert.deepEqual(message.content[0].input, JSON.parse(json));
});

test("a call and its result carry the conversation on", async () => {
  const first = await client.messages.create({model, messages, max_tokens: 150, tools: [tool], tool_choice: must});
  const second = await client.messages.create({
    model, max_tokens: 6, tools: [tool], tool_choice: {type: "none"},
    messages: [...messages, {role: "assistant", content: first.content},
               {role: "user", content: [{type: "tool_result", tool_use_id: first.content[0].id, content: "done"}]}]});
  assert.equal(second.content[0].type, "text");
});

test("stop sequences", async () => {
  const options = {model, messages, max_tokens: 24, temperature: 0};
  const whole = (await client.messages.create(options)).content[0].text;
  const stop = whole.slice(10, 13);
  const message = await client.messages.create({...options, stop_sequences: [stop]});
  assert.equal(message.stop_reason, "stop_sequence");
  assert.equal(message.stop_sequence, stop);
});

test("tokens are counted as they are used", async () => {
  const {input_tokens} = await client.messages.countTokens({model, messages});
  const message = await client.messages.create({model, messages, max_tokens: 1});
  assert.equal(input_tokens, message.usage.input_tokens + message.usage.cache_read_input_tokens);
});

test("errors raise the client's classes", async () => {
  await assert.rejects(client.messages.create({model, messages, max_tokens: 1, temperature: 2}), (error) => {
    assert.ok(error instanceof Anthropic.BadRequestError);
    assert.equal(error.error.error.type, "invalid_request_error");
    assert.ok(error.requestID);
    return true;
  });
  await assert.rejects(client.messages.create({model: "claude-0", messages, max_tokens: 1}), Anthropic.NotFoundError);
  await assert.rejects(client.messages.create({model, messages: [{role: "user", content: [
    {type: "image", source: {type: "url", url: "https://example.org/a.png"}}]}], max_tokens: 1}),
                       Anthropic.BadRequestError);
});
