// The official openai client's Responses API against a running server.
import assert from "node:assert/strict";
import {test} from "node:test";
import OpenAI from "openai";

const client = new OpenAI({baseURL: process.env.SIXFOLD_URL + "/v1", apiKey: "unused", maxRetries: 0});
const model = "default";
const input = "Once upon a time";
const tool = {
  type: "function", name: "pick", strict: true,
  parameters: {type: "object", properties: {sure: {type: "boolean"}}, required: ["sure"], additionalProperties: false},
};

test("stateless", async () => {
  const response = await client.responses.create({model, input, max_output_tokens: 8, store: false});
  assert.equal(response.object, "response");
  assert.ok(["completed", "incomplete"].includes(response.status));
  assert.equal(typeof response.output_text, "string");
  assert.ok(response.usage.output_tokens <= 8);
  assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  await assert.rejects(client.responses.retrieve(response.id), OpenAI.NotFoundError);
});

test("stored: retrieved, continued, listed, deleted", async () => {
  const first = await client.responses.create({model, input, max_output_tokens: 8, instructions: "Tell a story."});
  assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
  const second = await client.responses.create(
    {model, input: "Go on.", previous_response_id: first.id, max_output_tokens: 8});
  assert.equal(second.previous_response_id, first.id);
  assert.ok(second.usage.input_tokens > first.usage.input_tokens, "the conversation grew");
  const items = [];
  for await (const item of client.responses.inputItems.list(first.id)) items.push(item);
  assert.equal(items.length, 1);
  assert.equal(items[0].content[0].text, input);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

test("streamed: the events add up to the response", async () => {
  const stream = await client.responses.create({model, input, max_output_tokens: 12, stream: true, seed: undefined});
  let text = "", number = 0, final;
  const kinds = [];
  for await (const event of stream) {
    assert.equal(event.sequence_number, number++);
    if (kinds.at(-1) !== event.type) kinds.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
    if (event.type === "response.completed" || event.type === "response.incomplete") final = event.response;
  }
  assert.deepEqual(kinds.slice(0, 5), ["response.created", "response.in_progress", "response.output_item.added",
                                       "response.content_part.added", "response.output_text.delta"]);
  assert.deepEqual(kinds.slice(-4, -1),
                   ["response.output_text.done", "response.content_part.done", "response.output_item.done"]);
  assert.equal(final.output[0].content[0].text, text);
});

test("the client's stream helper assembles a required call", async () => {
  const stream = client.responses.stream({model, input, tools: [tool], tool_choice: "required",
                                          parallel_tool_calls: false, max_output_tokens: 120});
  const final = await stream.finalResponse();
  assert.equal(final.output[0].type, "function_call");
  assert.equal(typeof JSON.parse(final.output[0].arguments).sure, "boolean");
});

test("a call and its output carry the conversation on", async () => {
  const first = await client.responses.create(
    {model, input, tools: [tool], tool_choice: {type: "function", name: "pick"}, parallel_tool_calls: false,
     max_output_tokens: 120});
  const call = first.output[0];
  assert.equal(call.name, "pick");
  const second = await client.responses.create({
    model, previous_response_id: first.id, tools: [tool], tool_choice: "none", max_output_tokens: 6,
    input: [{type: "function_call_output", call_id: call.call_id, output: "done"}]});
  assert.equal(second.output[0].type, "message");
});

async function settled(id) {
  const end = Date.now() + 60_000;
  for (;;) {
    const response = await client.responses.retrieve(id);
    if (response.status !== "in_progress") return response;
    assert.ok(Date.now() < end, "still in progress after 60 s");
    await new Promise((done) => setTimeout(done, 20));
  }
}

test("background: done later", async () => {
  const begun = await client.responses.create({model, input, background: true, max_output_tokens: 8});
  assert.equal(begun.status, "in_progress");
  const response = await settled(begun.id);
  assert.ok(["completed", "incomplete"].includes(response.status));
  assert.equal(typeof response.output_text, "string");
});

test("background: cancelled", async () => {
  const begun = await client.responses.create({model, input, background: true});
  const cancelled = await client.responses.cancel(begun.id);
  assert.ok(["cancelled", "completed", "incomplete"].includes(cancelled.status));
  assert.equal((await settled(begun.id)).status, cancelled.status);
});

test("input tokens", async () => {
  const {input_tokens} = await client.responses.inputTokens.count({model, input});
  const response = await client.responses.create({model, input, max_output_tokens: 1, store: false});
  assert.equal(input_tokens, response.usage.input_tokens);
});

test("built-in tools raise BadRequestError with the field", async () => {
  await assert.rejects(client.responses.create({model, input, tools: [{type: "web_search"}]}),
                       (error) => error instanceof OpenAI.BadRequestError && error.param === "tools[0].type");
});
