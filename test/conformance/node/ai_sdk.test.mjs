// The AI SDK with its provider for OpenAI-compatible servers, against a running server.
import assert from "node:assert/strict";
import {test} from "node:test";
import {createOpenAICompatible} from "@ai-sdk/openai-compatible";
import {embedMany, generateObject, generateText, jsonSchema, Output, stepCountIs, streamObject, streamText, tool} from "ai";
import {z} from "zod";

const provider = createOpenAICompatible({name: "sixfold", baseURL: process.env.SIXFOLD_URL + "/v1", includeUsage: true});
const reader = createOpenAICompatible({name: "sixfold", baseURL: process.env.SIXFOLD_TINY_ENCODER_URL + "/v1"});
const request = {model: provider("default"), prompt: "Once upon a time", temperature: 0, maxOutputTokens: 12,
                 maxRetries: 0};

test("generateText", async () => {
  const answer = await generateText(request);
  assert.equal(typeof answer.text, "string");
  assert.ok(["stop", "length"].includes(answer.finishReason));
  assert.ok(answer.usage.outputTokens <= 12);
});

test("streamText says the same, with usage", async () => {
  const whole = await generateText(request);
  const stream = streamText(request);
  let text = "";
  for await (const part of stream.textStream) text += part;
  assert.equal(text, whole.text);
  assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
});

test("a completion model", async () => {
  const answer = await generateText({...request, model: provider.completionModel("default")});
  assert.equal(typeof answer.text, "string");
});

test("embedMany", async () => {
  const {embeddings} = await embedMany(
    {model: reader.textEmbeddingModel("default"), values: ["the cat is here", "it rains ."], maxRetries: 0});
  assert.equal(embeddings.length, 2);
  assert.ok(Math.abs(Math.hypot(...embeddings[0]) - 1) < 1e-5);
});

// The provider sends a schema only to servers that are said to keep to it.
const keeper = createOpenAICompatible(
  {name: "sixfold", baseURL: process.env.SIXFOLD_URL + "/v1", supportsStructuredOutputs: true});
const person = z.object({
  name: z.string().min(1).max(12),
  mail: z.email().max(24),
  age: z.int().min(0).max(150),
  kind: z.enum(["poet", "engineer"]),
  home: z.url().max(32).nullable(),
  tags: z.array(z.string().max(5)).max(2),
});

test("generateObject with a schema of zod, whatever the seed", async () => {
  for (let seed = 0; seed < 3; ++seed) {
    const {object} = await generateObject(
      {model: keeper("default"), schema: person, prompt: "Invent a person", seed, maxOutputTokens: 400, maxRetries: 0});
    assert.ok(person.safeParse(object).success, JSON.stringify(object));
  }
});

test("generateObject with a JSON Schema, a list and a choice", async () => {
  const common = {model: keeper("default"), prompt: "Invent", maxOutputTokens: 200, maxRetries: 0};
  const bare = await generateObject({...common, schema: jsonSchema(
    {type: "object", properties: {a: {type: "boolean"}}, required: ["a"], additionalProperties: false})});
  assert.equal(typeof bare.object.a, "boolean");
  const list = await generateObject({...common, output: "array", schema: z.object({n: z.number().int().min(0).max(9)})});
  assert.ok(Array.isArray(list.object));
  const chosen = await generateObject({...common, output: "enum", enum: ["left", "right"]});
  assert.ok(["left", "right"].includes(chosen.object));
});

test("streamObject and Output.object say the same for one seed", async () => {
  const common = {model: keeper("default"), prompt: "Invent a person", seed: 5, maxOutputTokens: 400, maxRetries: 0};
  const streamed = streamObject({...common, schema: person});
  let parts = 0;
  for await (const part of streamed.partialObjectStream) parts += part === undefined ? 0 : 1;
  assert.ok(parts > 1);
  const {output} = await generateText({...common, output: Output.object({schema: person})});
  assert.deepEqual(output, await streamed.object);
});

test("a tool with a schema of zod is called and answered", async () => {
  let asked;
  const answer = await generateText({
    ...request, maxOutputTokens: 200, toolChoice: "required", stopWhen: stepCountIs(1),
    providerOptions: {sixfold: {parallel_tool_calls: false}}, tools: {
      find: tool({description: "Finds.", inputSchema: z.object({where: z.enum(["here", "there"]).describe("a place"),
                                                                 limit: z.int().default(3)}),
                  execute: async (input) => { asked = input; return "found"; }})}});
  assert.equal(answer.finishReason, "tool-calls");
  assert.equal(typeof asked.limit, "number");
  assert.ok(["here", "there"].includes(asked.where));
});

test("errors carry the status and the message", async () => {
  await assert.rejects(generateText({...request, temperature: 99}), (error) => {
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /temperature/);
    return true;
  });
});
