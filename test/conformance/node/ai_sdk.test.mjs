// The AI SDK with its provider for OpenAI-compatible servers, against a running server.
import assert from "node:assert/strict";
import {test} from "node:test";
import {createOpenAICompatible} from "@ai-sdk/openai-compatible";
import {embedMany, generateText, streamText} from "ai";

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

test("errors carry the status and the message", async () => {
  await assert.rejects(generateText({...request, temperature: 99}), (error) => {
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /temperature/);
    return true;
  });
});
